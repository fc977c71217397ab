# The platform's roles as AWS would hold them, for tests/terraform/planned.py: each resource has an ARN of its own.

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

override_resource {
  target          = module.encryption.aws_kms_key.this
  override_during = plan
  values          = { arn = "arn:aws:kms:af-south-1:123456789012:key/platform" }
}

override_resource {
  target          = module.cluster.aws_ecs_cluster.this
  override_during = plan
  values          = { arn = "arn:aws:ecs:af-south-1:123456789012:cluster/prefect" }
}

override_resource {
  target          = module.logs.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:af-south-1:123456789012:log-group:/ecs/prefect" }
}

override_resource {
  target          = module.network.aws_cloudwatch_log_group.flow
  override_during = plan
  values          = { arn = "arn:aws:logs:af-south-1:123456789012:log-group:/vpc/prefect" }
}

override_resource {
  target          = module.network.aws_vpc.this
  override_during = plan
  values          = { owner_id = "123456789012" }
}

override_resource {
  target          = aws_sqs_queue.tasks
  override_during = plan
  values = {
    arn = "arn:aws:sqs:af-south-1:123456789012:prefect-ecs-tasks"
    url = "https://sqs.af-south-1.amazonaws.com/123456789012/prefect-ecs-tasks"
  }
}

override_resource {
  target          = aws_iam_role.flow
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/prefect-flow" }
}

override_resource {
  target          = aws_iam_role.execution["client"]
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/prefect-client-execution" }
}

override_resource {
  target          = aws_iam_role.execution["server"]
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/prefect-server-execution" }
}

override_resource {
  target          = aws_iam_role.server
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/prefect-server" }
}

override_resource {
  target          = aws_iam_role.worker
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/prefect-worker" }
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

  auth_secret_arn       = "arn:aws:secretsmanager:af-south-1:123456789012:secret:prefect/login-AbCdEf"
  encryption_secret_arn = "arn:aws:secretsmanager:af-south-1:123456789012:secret:prefect/encryption-key-AbCdEf"

  workers        = { staging = "staging", production = "production" }
  flow_role_arns = ["arn:aws:iam::123456789012:role/vimbiso-pay-staging-pipeline-worker"]
}

run "rights" {
  command = plan
}
