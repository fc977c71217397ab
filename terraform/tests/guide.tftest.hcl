# What the guide says of every deployed environment. The runner passes the environment's values:
# environments/NAME.tfvars, and what environments.toml holds.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Each needs an identifier of its own, so that one is not taken for another.
override_resource {
  target          = module.firewall.aws_security_group.load_balancer
  override_during = plan
  values          = { id = "sg-load-balancer" }
}

override_resource {
  target          = module.firewall.aws_security_group.tasks
  override_during = plan
  values          = { id = "sg-tasks" }
}

override_resource {
  target          = module.network.aws_subnet.public
  override_during = plan
  values          = { id = "subnet-public" }
}

override_resource {
  target          = module.network.aws_subnet.private
  override_during = plan
  values          = { id = "subnet-private" }
}

override_resource {
  target          = module.network.aws_nat_gateway.this[0]
  override_during = plan
  values          = { id = "nat-0" }
}

override_resource {
  target          = module.network.aws_nat_gateway.this[1]
  override_during = plan
  values          = { id = "nat-1" }
}

run "guide" {
  command = plan

  # The guide names nobody who is told; a warning says so until somebody is.
  expect_failures = [check.alerts_reach_somebody]

  # Networking

  assert {
    condition     = length(module.network.settings.public) >= 2 && length(module.network.settings.private) >= 2
    error_message = "The VPC must have public and private subnets in at least two zones."
  }

  assert {
    condition     = length(distinct(module.network.settings.private[*].zone)) == length(module.network.settings.private) && length(distinct(module.network.settings.public[*].zone)) == length(module.network.settings.public)
    error_message = "Each subnet of a tier must lie in a zone of its own."
  }

  assert {
    condition     = !anytrue(concat(module.network.settings.private, module.network.settings.public)[*].gives_public_addresses)
    error_message = "No subnet may hand out public addresses by itself."
  }

  assert {
    condition     = length(distinct(concat(module.network.settings.private, module.network.settings.public)[*].cidr)) == length(concat(module.network.settings.private, module.network.settings.public))
    error_message = "Subnets must not overlap."
  }

  assert {
    condition     = module.network.settings.public_route == "0.0.0.0/0"
    error_message = "Public subnets must reach the internet gateway."
  }

  assert {
    condition     = length(module.network.settings.private_nats) == length(module.network.settings.private) && alltrue([for route in module.network.settings.private_nats : route.to == "0.0.0.0/0"])
    error_message = "Every private subnet must reach the internet through a NAT gateway."
  }

  assert {
    condition     = toset(module.network.settings.endpoints) == toset([for service in concat(["s3"], tolist(var.interface_endpoints)) : "com.amazonaws.${var.region}.${service}"])
    error_message = "Image layers, which come from S3, must not go through NAT, nor what has an endpoint of its own."
  }

  assert {
    condition     = module.network.settings.flow_traffic == "ALL" && module.network.settings.flow_log_days == 30
    error_message = "Flow logs must record all traffic and be kept for 30 days."
  }

  # Security groups

  assert {
    condition     = toset(module.firewall.rules.world_to_load_balancer[*].port) == toset([80, 443]) && alltrue([for rule in module.firewall.rules.world_to_load_balancer : rule.from == "0.0.0.0/0" && rule.port == rule.to_port])
    error_message = "The world may reach the load balancer on 80 and 443 only."
  }

  assert {
    condition     = length(module.firewall.rules.load_balancer_to_tasks) == 1 && alltrue([for rule in module.firewall.rules.load_balancer_to_tasks : rule.port == 8000 && rule.to_port == 8000 && rule.from == module.firewall.load_balancer_group_id])
    error_message = "The tasks may be reached on 8000 only, and from the load balancer only."
  }

  assert {
    condition     = length(module.firewall.rules.tasks_to_file_system) == 1 && alltrue([for rule in module.firewall.rules.tasks_to_file_system : rule.port == 2049 && rule.to_port == 2049 && rule.from == module.firewall.tasks_group_id])
    error_message = "The file system may be reached on 2049 only, and from the tasks only."
  }

  assert {
    condition     = alltrue([for rule in module.firewall.rules.tasks_to_world : rule.port == 443 && rule.to_port == 443])
    error_message = "The tasks may call the world by HTTPS only."
  }

  # Load balancer

  assert {
    condition     = !module.load_balancer.settings.internal && module.load_balancer.settings.subnets == toset(["subnet-public"])
    error_message = "The load balancer must stand in the public subnets."
  }

  assert {
    condition     = one(module.load_balancer.settings.https).port == 443 && one(module.load_balancer.settings.https).policy == "ELBSecurityPolicy-TLS13-1-2-2021-06" && one(module.load_balancer.settings.https).certificate == module.certificate[0].arn
    error_message = "TLS 1.2 or later must end at the load balancer, with the domain's certificate."
  }

  assert {
    condition     = one(module.load_balancer.settings.redirects).port == 80 && one(module.load_balancer.settings.redirects).to == "HTTPS" && one(module.load_balancer.settings.redirects).status == "HTTP_301" && length(module.load_balancer.settings.plain) == 0
    error_message = "Plain HTTP must only redirect."
  }

  assert {
    condition     = one(module.load_balancer.settings.https).default == "fixed-response" && module.load_balancer.settings.hosts == [var.domain]
    error_message = "Only requests for the domain may reach the tasks."
  }

  assert {
    condition     = module.load_balancer.settings.target_port == 8000 && module.load_balancer.settings.health_path == "/health/"
    error_message = "The target group must check /health/ on 8000."
  }

  assert {
    condition     = module.load_balancer.settings.deregistration_delay <= 30
    error_message = "A leaving task must not hold a rollout up."
  }

  assert {
    condition     = module.load_balancer.settings.drops_bad_headers
    error_message = "Invalid headers must be dropped."
  }

  assert {
    condition     = one(module.load_balancer.settings.access_logs).enabled && one(module.load_balancer.settings.access_logs).bucket == module.access_log_bucket[0].name
    error_message = "Access logs must be on."
  }

  assert {
    condition     = module.certificate[0].settings.domain == var.domain && module.certificate[0].settings.validation == "DNS" && module.certificate[0].settings.records == [var.domain]
    error_message = "The certificate must be validated, and so renewed, through DNS."
  }

  assert {
    condition     = !module.certificate[0].settings.makes_zone
    error_message = "The domain's zone must be looked up: a second one would be asked by nobody."
  }

  assert {
    condition     = module.certificate[0].settings.alias == { name = var.domain, type = "A", target = module.load_balancer.dns_name }
    error_message = "The domain must point at the load balancer."
  }

  # Service and container

  assert {
    condition     = module.service.settings.launch_type == "FARGATE"
    error_message = "Containers must run on Fargate."
  }

  assert {
    condition     = module.service.settings.subnets == toset(["subnet-private"]) && !module.service.settings.public_address && module.service.settings.security_groups == toset([module.firewall.tasks_group_id])
    error_message = "Tasks must run in the private subnets, without public addresses, behind their own security group."
  }

  assert {
    condition     = module.service.settings.breaker.enable && module.service.settings.breaker.rollback
    error_message = "The circuit breaker must roll a bad deployment back."
  }

  assert {
    condition     = one(module.service.settings.alarms).rollback && one(module.service.settings.alarms).names == toset(["${var.app}-${var.environment}-latency", "${var.app}-${var.environment}-target-5xx"])
    error_message = "Alarms that a bad release raises must roll the deployment back."
  }

  assert {
    condition     = module.service.settings.rebalancing == "ENABLED"
    error_message = "Tasks must be spread over the zones again after one has failed."
  }

  assert {
    condition     = one(module.service.containers).portMappings == [{ containerPort = 8000, hostPort = 8000, protocol = "tcp" }] && module.service.settings.target_port == 8000
    error_message = "Django must answer on 8000."
  }

  assert {
    condition     = strcontains(one(module.service.containers).healthCheck.command[1], "curl -s -m 4") && strcontains(one(module.service.containers).healthCheck.command[1], "http://localhost:8000/health/")
    error_message = "The container's own health check must be curl on /health/."
  }

  assert {
    condition     = one(module.service.containers).logConfiguration.logDriver == "awslogs" && one(module.service.containers).logConfiguration.options["awslogs-group"] == "/ecs/vimbiso-pay-${var.environment}"
    error_message = "Containers must log to /ecs/vimbiso-pay-ENVIRONMENT."
  }

  assert {
    condition     = one(module.service.containers).user == "10001:10001"
    error_message = "The application must not run as root."
  }

  assert {
    condition     = module.cluster.settings.containerInsights == "enabled"
    error_message = "Container Insights must be on: the task-count alarm reads them."
  }

  # Secrets and outputs

  assert {
    condition = toset(one(module.service.containers).secrets[*].name) == toset([
      "DJANGO_SECRET", "MYCREDEX_APP_URL", "WHATSAPP_BOT_API_KEY", "WHATSAPP_API_URL", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_PHONE_NUMBER_ID", "CLIENT_API_KEY",
    ])
    error_message = "Every secret of the guide must reach the container."
  }

  assert {
    condition     = alltrue([for secret in one(module.service.containers).secrets : secret.valueFrom == "${module.secret.arn}:${secret.name}::"])
    error_message = "Secrets must be references into Secrets Manager, never values."
  }

  assert {
    condition     = length(setintersection(one(module.service.containers).environment[*].name, one(module.service.containers).secrets[*].name)) == 0
    error_message = "A secret stands as plain environment."
  }

  assert {
    condition     = toset(one(module.service.containers).environment[*].name) == toset(["ALLOWED_HOSTS", "DATABASE_PATH", "DATA_PATH", "ENVIRONMENT", "PORT"])
    error_message = "The environment variables of the task definition are not the known ones."
  }

  assert {
    condition     = toset(keys(jsondecode(aws_ssm_parameter.outputs.value))) == toset(keys(output.pipeline)) && aws_ssm_parameter.outputs.name == var.outputs_parameter
    error_message = "The SSM parameter must hold the outputs."
  }

  assert {
    condition     = module.secret.recovery_days == 30
    error_message = "A deleted secret must be recoverable."
  }

  # Auto scaling

  assert {
    condition     = module.autoscaling[0].targets == { cpu = var.autoscaling.cpu_threshold, memory = var.autoscaling.memory_threshold }
    error_message = "CPU and memory must each have a target."
  }

  assert {
    condition     = module.autoscaling[0].capacity.min == 0 && output.pipeline.minimum_tasks == var.autoscaling.min_capacity && output.pipeline.desired_count >= output.pipeline.minimum_tasks
    error_message = "No task may start before there is a release, which starts the fewest tasks at least."
  }

  # Data

  assert {
    condition     = module.file_system[0].settings.encrypted && module.file_system[0].settings.backup == "ENABLED"
    error_message = "The file system must be encrypted and backed up."
  }

  assert {
    condition     = module.file_system[0].settings.owners == { data = { uid = 10001, gid = 10001 } } && module.file_system[0].settings.mount_targets == length(module.network.settings.private)
    error_message = "The container's user must own the files, and every zone must have a mount target."
  }

  assert {
    condition     = one(module.service.settings.file_systems).id == module.file_system[0].id && one(module.service.settings.file_systems).in_transit == "ENABLED" && one(module.service.settings.file_systems).iam == "ENABLED" && length(module.service.settings.host_folders) == 0
    error_message = "Tasks must mount the file system through TLS and IAM."
  }

  assert {
    condition     = one([for statement in module.file_system[0].settings.policy.Statement : statement.Effect if statement.Sid == "RefusePlainText"]) == "Deny"
    error_message = "The file system must refuse unencrypted mounts."
  }

  assert {
    condition = alltrue([
      for bucket in [module.backup_bucket, module.log_archive_bucket, module.access_log_bucket[0]] :
      bucket.settings.versioning == "Enabled" && bucket.settings.closed && bucket.settings.ownership == "BucketOwnerEnforced"
    ])
    error_message = "Every bucket must be versioned and closed to the public."
  }

  assert {
    condition     = module.backup_bucket.settings.encryption == "aws:kms" && module.log_archive_bucket.settings.encryption == "aws:kms" && module.access_log_bucket[0].settings.encryption == "AES256"
    error_message = "Every bucket must be encrypted; load balancers can only write to AES256 ones."
  }

  assert {
    condition = alltrue([
      for bucket in [module.backup_bucket, module.log_archive_bucket, module.access_log_bucket[0]] :
      contains([for statement in bucket.policy.Statement : statement.Sid if statement.Effect == "Deny"], "RefusePlainHttp")
    ])
    error_message = "Every bucket must refuse plain HTTP."
  }

  assert {
    condition     = module.backup_bucket.settings.transitions == { STANDARD_IA = 30, GLACIER_IR = 90 } && module.log_archive_bucket.settings.transitions == { STANDARD_IA = 30, GLACIER = 180 }
    error_message = "Backups and archived logs must move to cheaper classes."
  }

  assert {
    condition     = length(module.backup_bucket.settings.expiry) == 0 && module.access_log_bucket[0].settings.expiry == [365]
    error_message = "Backups must not expire by themselves; access logs go after a year."
  }

  # Registry, logs and key

  assert {
    condition     = module.registry.settings.scan_on_push && module.registry.settings.tags == "IMMUTABLE" && module.registry.settings.encryption == "KMS"
    error_message = "Images must be scanned, their tags fixed, and they must be encrypted."
  }

  assert {
    condition     = one(module.registry.settings.lifecycle.rules).selection.tagStatus == "untagged" && one(module.registry.settings.lifecycle.rules).selection.countNumber >= 30
    error_message = "Untagged images that the cleanup flow left behind must go, but not soon."
  }

  assert {
    condition     = module.logs.settings.name == "/ecs/vimbiso-pay-${var.environment}" && module.logs.settings.retention_days == 30
    error_message = "CloudWatch must keep the containers' logs for 30 days."
  }

  assert {
    condition     = module.encryption[0].settings.rotates
    error_message = "The key must be rotated."
  }

  # Monitoring

  assert {
    condition = toset(keys(module.monitoring[0].alarms)) == toset([
      "application-errors", "backup-age", "certificate-expiry", "cpu", "latency", "load-balancer-5xx", "memory", "running-tasks", "target-5xx", "unhealthy-targets",
    ])
    error_message = "An alarm is missing."
  }

  assert {
    condition     = alltrue([for alarm in module.monitoring[0].alarms : alarm.actions == toset([module.alerts[0].topic_arn])])
    error_message = "Every alarm must tell the topic."
  }

  assert {
    condition     = module.alerts[0].settings.key == module.encryption[0].key_arn && toset(module.alerts[0].settings.publishers) == toset(["cloudwatch.amazonaws.com", "events.amazonaws.com"])
    error_message = "Alarms and events must be able to publish to the encrypted topic."
  }

  assert {
    condition     = contains(flatten([for statement in module.encryption[0].settings.policy.Statement : statement.Principal.Service if statement.Sid == "AlarmsAndEvents"]), "cloudwatch.amazonaws.com")
    error_message = "Alarms must be able to use the topic's key, or nobody is told."
  }

  assert {
    condition     = toset(["Requests", "Latency (p50, p95)", "Server errors", "CPU and memory", "Tasks", "Targets", "Web firewall", "Backup age (h)", "Logged errors"]) == toset(module.monitoring[0].graphs)
    error_message = "A graph is missing from the dashboard."
  }

  assert {
    condition     = toset(keys(module.events[0].rules)) == toset(["stopped-tasks", "failed-deployments", "image-scans", "enhanced-image-scans", "security-groups"]) && alltrue([for rule in module.events[0].rules : rule.target == module.alerts[0].topic_arn])
    error_message = "Stopped tasks, failed deployments, image scans and security-group changes must be told."
  }

  assert {
    condition     = contains(module.events[0].rules["security-groups"].pattern.detail.eventName, "AuthorizeSecurityGroupIngress")
    error_message = "Opening a security group must be told."
  }

  assert {
    condition     = module.logs.settings.counted["ApplicationErrors"].namespace == output.pipeline.metrics_namespace && module.logs.settings.counted["DatabaseLocked"].pattern == "\"database is locked\""
    error_message = "Errors in the logs must be counted."
  }

  # Web firewall

  assert {
    condition     = module.waf[0].settings.limit == var.waf.requests_per_5_minutes && module.waf[0].settings.per == "IP"
    error_message = "Requests must be limited per address."
  }

  assert {
    condition     = toset(module.waf[0].settings.managed) == toset(["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet"])
    error_message = "A managed rule group is missing."
  }

  assert {
    condition     = module.waf[0].settings.guards == module.load_balancer.arn && module.waf[0].settings.log_days == 30 && toset(module.waf[0].settings.redacted) == toset(["authorization", "cookie"])
    error_message = "The firewall must stand before the load balancer and log, without credentials."
  }

  # Identity

  assert {
    condition     = !anytrue([for action in flatten(concat(module.roles.worker_statements, module.roles.execution_statements, module.roles.task_statements, module.roles.ci_statements)[*].Action) : strcontains(action, "*")])
    error_message = "Every right must be named: an action holds a *."
  }

  assert {
    condition     = module.roles.trusted_services == { Service = "ecs-tasks.amazonaws.com" }
    error_message = "Only ECS may hand the tasks their roles."
  }

  assert {
    condition     = one([for statement in module.roles.worker_statements : statement.Condition.StringEquals["iam:PassedToService"] if statement.Sid == "HandRolesToTasks"]) == "ecs-tasks.amazonaws.com"
    error_message = "The worker may pass roles to tasks only."
  }

  assert {
    condition = toset([for statement in module.roles.worker_statements : statement.Sid if try(statement.Resource == "*", false)]) == toset([
      "Look", "Metrics", "RegistryLogin",
    ])
    error_message = "The worker's rights must name their resource where AWS knows one."
  }

  assert {
    condition     = module.service.settings.execution_role_arn == module.roles.execution_role_arn && module.service.settings.task_role_arn == module.roles.task_role_arn
    error_message = "Tasks must run with the two roles made for them."
  }

  assert {
    condition     = !contains(flatten(module.roles.task_statements[*].Action), "s3:PutObject")
    error_message = "The application needs no right to any bucket."
  }

  # The guide's figures and names, and what sets production apart
  assert {
    condition = output.pipeline.url == {
      staging    = "https://stage.mycredex.dev"
      production = "https://mycredex.app"
    }[var.environment]
    error_message = "The environment must answer under the guide's domain."
  }

  assert {
    condition     = output.pipeline.region == "af-south-1"
    error_message = "The environment must lie in af-south-1."
  }

  assert {
    condition     = output.pipeline.cluster == "vimbiso-pay-cluster-${var.environment}" && output.pipeline.service == "vimbiso-pay-service-${var.environment}" && output.pipeline.repository_name == "vimbiso-pay-${var.environment}"
    error_message = "Cluster, service and repository must have the guide's names."
  }

  assert {
    condition = { min = output.pipeline.minimum_tasks, max = module.autoscaling[0].capacity.max } == {
      staging    = { min = 2, max = 4 }
      production = { min = 2, max = 6 }
    }[var.environment]
    error_message = "Staging must scale from 2 to 4 tasks, production from 2 to 6."
  }

  assert {
    condition = module.autoscaling[0].targets == {
      staging    = { cpu = 80, memory = 80 }
      production = { cpu = 75, memory = 75 }
    }[var.environment]
    error_message = "Staging must hold 80 percent of CPU and memory, production 75."
  }

  assert {
    condition = [module.service.settings.cpu, module.service.settings.memory] == {
      staging    = [512, 1024]
      production = [1024, 2048]
    }[var.environment]
    error_message = "Staging must have moderate tasks, production larger ones."
  }

  assert {
    condition = module.network.settings.nat_gateways == {
      staging    = 1
      production = length(module.network.settings.private)
    }[var.environment]
    error_message = "Staging must share one NAT gateway, production have one in every zone."
  }

  assert {
    condition     = length(distinct(module.network.settings.private_nats[*].nat_gateway)) == module.network.settings.nat_gateways
    error_message = "Where there is a NAT gateway per zone, every private subnet must leave through its own."
  }

  assert {
    condition     = length(var.interface_endpoints) == { staging = 0, production = 4 }[var.environment]
    error_message = "Production alone must pay for interface endpoints."
  }

  assert {
    condition     = module.load_balancer.settings.deletion_protection == { staging = false, production = true }[var.environment]
    error_message = "Production must be protected from deletion."
  }

  assert {
    condition = length(module.audit) == 1 && alltrue([
      for audit in module.audit : audit.settings.multi_region && audit.settings.validates_files && audit.settings.records_all && length(audit.settings.watched) == 2
    ])
    error_message = "A trail must record all regions, and who reads backups: without one, changes of security groups are not heard."
  }

  assert {
    condition = alltrue([
      for audit in module.audit : audit.settings.bucket.versioning == "Enabled" && audit.settings.bucket.closed && audit.settings.bucket.encryption == "aws:kms" && audit.settings.bucket.transitions == { STANDARD_IA = 30, GLACIER = 180 }
    ])
    error_message = "The trail's bucket must be locked down."
  }
}
