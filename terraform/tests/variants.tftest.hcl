# What is off in every environment's own file, and must work when it is switched on.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "options" {
  command = plan

  expect_failures = [check.alerts_reach_somebody]

  variables {
    sidecars = {
      redis = {
        image          = "public.ecr.aws/docker/library/redis:7"
        variables      = { MAXMEMORY = "64mb" }
        secret_keys    = ["REDIS_PASSWORD"]
        health_command = ["CMD", "redis-cli", "ping"]
        readonly_root  = true
      }
    }
    container = {
      command    = ["sh", "-c", "exec gunicorn shop.wsgi"]
      user       = "999:998"
      depends_on = { redis = "HEALTHY" }
    }
    data             = { path = "/srv/state", databases = ["/srv/state/shop.db"], volumes = { media = "/srv/media" } }
    health_codes     = "200,204,300-301"
    signing          = {}
    shared_redis     = { node_type = "cache.t4g.micro" }
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
    condition     = module.service.containers[*].name == ["app", "redis"] && module.service.containers[0].dependsOn == [{ containerName = "redis", condition = "HEALTHY" }]
    error_message = "The cache must run beside the application, which waits for it."
  }

  assert {
    condition     = module.cache[0].settings == { in_transit = true, at_rest = true, nodes = 2, failover = true, snapshot_days = 1 } && length(module.firewall.rules.tasks_to_cache) == 1
    error_message = "The shared Redis must be encrypted, have a copy that takes over, and be reached by the tasks."
  }

  assert {
    condition     = startswith(one([for item in module.service.containers[0].environment : item.value if item.name == "REDIS_URL"]), "rediss://")
    error_message = "The application must be told where the shared Redis is."
  }

  assert {
    condition     = one(module.service.containers[1].environment) == { name = "MAXMEMORY", value = "64mb" } && endswith(one(module.service.containers[1].secrets).valueFrom, ":REDIS_PASSWORD::")
    error_message = "A sidecar must have its own variables and keys."
  }

  assert {
    condition     = module.service.containers[0].command == ["sh", "-c", "exec gunicorn shop.wsgi"] && module.service.containers[0].user == "999:998" && !contains(keys(module.service.containers[0]), "entryPoint")
    error_message = "What is set must reach the definition, and nothing else: the image decides about the rest."
  }

  assert {
    condition     = { for mount in module.service.containers[0].mountPoints : mount.sourceVolume => mount.containerPath } == { data = "/srv/state", media = "/srv/media", scratch = "/tmp" }
    error_message = "Each volume must be mounted where the application wants it."
  }

  assert {
    condition     = module.file_system[0].settings.owners == { data = { uid = 999, gid = 998 }, media = { uid = 999, gid = 998 } }
    error_message = "Each volume must have an access point, and belong to the container's user."
  }

  assert {
    condition     = endswith(module.service.containers[0].healthCheck.command[1], "{ [ $s -ge 200 ] && [ $s -le 200 ]; } || { [ $s -ge 204 ] && [ $s -le 204 ]; } || { [ $s -ge 300 ] && [ $s -le 301 ]; }") && module.load_balancer.settings.matcher == "200,204,300-301"
    error_message = "Container and target group must accept the same codes."
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
    condition     = module.signing[0].settings == { usage = "SIGN_VERIFY", kind = "ECC_NIST_P256" } && one([for item in module.roles.worker_statements : item.Resource if item.Sid == "SignImages"]) == local.signing_key_arn
    error_message = "Images must be signed with a key for signatures alone, by the worker."
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

run "a_signing_key_of_somebody_else" {
  command = plan

  expect_failures = [check.alerts_reach_somebody]

  variables {
    signing = { key = "arn:aws:kms:af-south-1:210987654321:key/theirs" }
  }

  assert {
    condition     = length(module.signing) == 0 && local.outputs.signing_key_arn == var.signing.key && one([for item in module.roles.worker_statements : item.Resource if item.Sid == "SignImages"]) == var.signing.key
    error_message = "The named key must be used, and no other made."
  }
}
