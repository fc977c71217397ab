# What is off in every environment's own file, and must work when it is switched on.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "options" {
  command = plan

  variables {
    redis_image      = "public.ecr.aws/docker/library/redis:7"
    readonly_root    = true
    execute_command  = true
    backup_lock_days = 30
    maximum_percent  = 100

    minimum_healthy_percent = 0

    autoscaling = {
      min_capacity        = 2
      max_capacity        = 4
      cpu_threshold       = 80
      memory_threshold    = 80
      requests_per_target = 600
    }

    ci = {
      issuer   = "token.actions.githubusercontent.com"
      subjects = ["repo:vimbiso/vimbiso-pay:ref:refs/heads/stage"]
    }
  }

  assert {
    condition     = toset(module.service.containers[*].name) == toset(["app", "redis"]) && contains(module.service.containers[0].environment[*].name, "REDIS_URL")
    error_message = "The cache must run beside the application, which must know of it."
  }

  assert {
    condition     = !one([for container in module.service.containers : container.essential if container.name == "redis"])
    error_message = "A cache that ends must not end its task."
  }

  assert {
    condition     = alltrue(module.service.containers[*].readonlyRootFilesystem) && contains(module.service.containers[0].mountPoints[*].containerPath, "/tmp")
    error_message = "With a read-only root /tmp must be a volume."
  }

  assert {
    condition     = module.service.settings.exec && contains([for statement in module.roles.task_statements : statement.Sid], "Exec")
    error_message = "A shell in a task needs the switch and the right."
  }

  assert {
    condition     = module.backup_bucket.settings.lock == [{ mode = "GOVERNANCE", days = 30 }]
    error_message = "Backups must be locked for the days asked for."
  }

  assert {
    condition     = module.service.settings.minimum_percent == 0 && module.service.settings.maximum_percent == 100 && module.service.settings.rebalancing == "DISABLED"
    error_message = "Tasks must be stopped before new ones start, which zone rebalancing does not allow."
  }

  assert {
    condition     = module.autoscaling[0].targets == { cpu = 80, memory = 80, requests = 600 }
    error_message = "Requests per task must be held too."
  }

  assert {
    condition     = flatten(module.roles.ci_statements[*].Action) == ["secretsmanager:GetSecretValue", "kms:Decrypt"] && module.roles.ci_trust.Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == tolist(["repo:vimbiso/vimbiso-pay:ref:refs/heads/stage"])
    error_message = "CI may fetch the webhook's secret from one branch, nothing else."
  }
}
