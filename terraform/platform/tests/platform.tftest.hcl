# What the platform promises: internal, with a password, encrypted, backed up, least rights, and no secret in the state.

mock_provider "aws" {
  source          = "../tests/mocks"
  override_during = plan

  mock_resource "aws_db_instance" {
    defaults = {
      address            = "mocked.rds.amazonaws.com"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:af-south-1:123456789012:secret:rds", kms_key_id = "own", secret_status = "active" }]
    }
  }

  mock_resource "aws_elasticache_replication_group" {
    defaults = { primary_endpoint_address = "mocked.cache.amazonaws.com" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:af-south-1:123456789012:mocked", url = "https://sqs.af-south-1.amazonaws.com/123456789012/mocked" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:af-south-1:123456789012:rule/mocked" }
  }
}

# Never asked: both secrets are given.
provider "aws" {
  alias                       = "generator"
  region                      = "af-south-1"
  access_key                  = "mocked"
  secret_key                  = "mocked"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

variables {
  region          = "af-south-1"
  vpc_cidr        = "10.60.0.0/16"
  domain          = "prefect.example.org"
  certificate_arn = "arn:aws:acm:af-south-1:123456789012:certificate/mocked"
  image           = "123456789012.dkr.ecr.af-south-1.amazonaws.com/pipeline@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  repository_arn  = "arn:aws:ecr:af-south-1:123456789012:repository/pipeline"
  client_cidrs    = ["10.8.0.0/24"]
  workers         = { staging = "staging", production = "production" }

  auth_secret_arn       = "arn:aws:secretsmanager:af-south-1:123456789012:secret:auth"
  encryption_secret_arn = "arn:aws:secretsmanager:af-south-1:123456789012:secret:encryption-key"

  flow_role_arns = ["arn:aws:iam::123456789012:role/vimbiso-pay-staging-worker"]
}

run "promises" {
  command = plan

  assert {
    condition     = output.settings.balancer == { internal = true, port = 443, protocol = "HTTPS", health = "/api/ready" } && output.settings.clients == ["10.8.0.0/24"]
    error_message = "The server must be reached over TLS, from the inside and the named ranges only."
  }

  assert {
    condition     = output.settings.database.encrypted && output.settings.database.managed_password && output.settings.database.password && output.settings.database.backup_days == 14 && output.settings.database.standby && output.settings.database.protected && !output.settings.database.public
    error_message = "The database must be private, encrypted, backed up and protected, and its password RDS's own."
  }

  assert {
    condition     = !aws_db_instance.this.skip_final_snapshot && keys(aws_cloudwatch_log_group.database) == ["postgresql", "upgrade"]
    error_message = "A destroyed database must leave a snapshot, and its logs must have an end."
  }

  assert {
    condition     = alltrue([for task in aws_ecs_task_definition.this : alltrue([for container in jsondecode(task.container_definitions) : container.readonlyRootFilesystem && one(container.mountPoints).containerPath == "/var/lib/pipeline" && length([for variable in container.environment : variable if contains(["PREFECT_HOME", "PREFECT_UI_STATIC_DIRECTORY", "TMPDIR"], variable.name) && startswith(variable.value, "/var/lib/pipeline")]) == 3])])
    error_message = "Containers must have one place to write, which the image declares, and all that they write in it."
  }

  assert {
    condition     = aws_ecs_service.this["services"].availability_zone_rebalancing == "DISABLED" && aws_ecs_service.this["server"].availability_zone_rebalancing == "ENABLED"
    error_message = "Zone rebalancing must be off where at most 100 percent of the tasks may run."
  }

  assert {
    condition     = alltrue(values(output.settings.broker))
    error_message = "The message broker must be encrypted and have a replica."
  }

  assert {
    condition     = keys(output.settings.services) == ["server", "services", "worker-production", "worker-staging"] && contains(output.settings.services.server.command, "--no-services") && output.settings.services.server.count == 2
    error_message = "Server, background services and each worker must be services of their own."
  }

  assert {
    condition     = alltrue([for service in values(output.settings.services) : contains(keys(service.secrets), "PREFECT_API_AUTH_STRING") && !anytrue([for name in keys(service.environment) : endswith(name, "PASSWORD") || endswith(name, "AUTH_STRING")])])
    error_message = "Passwords must come from Secrets Manager, never as plain variables."
  }

  assert {
    condition     = [for name, service in output.settings.services : name if contains(keys(service.secrets), "PREFECT_SERVER_ENCRYPTION_KEY")] == ["server", "services"]
    error_message = "The server alone must have the key of the blocks, and have it from elsewhere than its database."
  }

  assert {
    condition     = output.settings.services.server.environment.PREFECT_SERVER_DATABASE_MIGRATE_ON_START == "false" && startswith(output.settings.services.server.environment.PREFECT_SERVER_DOCKET_URL, "rediss://")
    error_message = "Only the background services may migrate the database, and Redis must be spoken to over TLS."
  }

  assert {
    condition     = keys(output.settings.links) == ["balancer-server", "flow-balancer", "server-database", "server-messages", "worker-balancer"]
    error_message = "Only the server may reach database and broker."
  }

  assert {
    condition     = alltrue([for statement in output.settings.rights.worker : !anytrue([for action in statement.Action : endswith(action, "*")])]) && length([for statement in output.settings.rights.worker : statement if statement.Sid == "HandOverRoles"]) == 1
    error_message = "Each right of the worker must stand by its name, and it may hand over two roles only."
  }

  assert {
    condition     = length(output.settings.rights.executions.client) == 1
    error_message = "Workers and flow runs must not read the database's password."
  }

  assert {
    condition     = contains(output.settings.alarms, "no-server") && contains(output.settings.alarms, "no-services") && contains(output.settings.alarms, "no-worker-staging")
    error_message = "Somebody must be told when a part is missing."
  }

  assert {
    condition     = output.work_pool.type == "ecs" && output.work_pool.cluster == "prefect" && output.work_pool.auth_secret_arn == output.auth_secret_arn
    error_message = "The outputs must be what environments.toml wants."
  }
}

run "what_may_be_destroyed" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = !aws_db_instance.this.skip_final_snapshot
    error_message = "A database without protection must leave a snapshot: destroying one begins with taking it off."
  }
}

run "one_server_does_all" {
  command = plan

  variables {
    split_services = false
    server_count   = 1
  }

  assert {
    condition     = !contains(keys(output.settings.services), "services") && !contains(output.settings.services.server.command, "--no-services") && output.settings.services.server.environment.PREFECT_SERVER_DATABASE_MIGRATE_ON_START == "true"
    error_message = "A single server must run the background services and migrate."
  }
}

run "refusals" {
  command = plan

  variables {
    name            = "Prefect"
    image           = "pipeline:latest"
    server_count    = 2
    split_services  = false
    client_cidrs    = ["0.0.0.0/0"]
    certificate_arn = "none"
    database        = { backup_days = 1 }
    workers         = { "Not A Name" = "x" }
  }

  expect_failures = [var.name, var.image, var.server_count, var.client_cidrs, var.certificate_arn, var.database, var.workers]
}
