# Bad values are refused by name, before anything is planned.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  app                 = "vimbiso-pay"
  environment         = "staging"
  region              = "af-south-1"
  health_path         = "/health/"
  container_port      = 8000
  cluster_name        = "cluster"
  service_name        = "service"
  repository_name     = "repository"
  log_group_name      = "/ecs/it"
  outputs_parameter   = "/it/outputs"
  secret_name         = "it/app"
  vpc_cidr            = "10.0.0.0/16"
  single_nat_gateway  = true
  task_cpu            = 256
  task_memory         = 512
  desired_count       = 2
  metrics_namespace   = "it"
  kms_key_arn         = null
  name                = "it"
  purpose             = "test"
  force_destroy       = true
  refuse_plain_http   = true
  requests_per_target = null
}

run "facts_and_sizes" {
  command = plan

  variables {
    environment       = "Staging 1"
    region            = "cape-town"
    account_id        = "12"
    domain            = "https://mycredex.app"
    health_path       = "health"
    health_codes      = "ok"
    new_hosted_zone   = true
    hosted_zone_id    = "Z1"
    container_port    = 0
    log_group_name    = "ecs"
    outputs_parameter = "outputs"
    data_host_path    = "data"
    vpc_cidr          = "10.0.0.1/16"
    zone_count        = 1
    desired_count     = 0
    alert_topic       = false
  }

  expect_failures = [
    var.environment, var.region, var.account_id, var.domain, var.new_hosted_zone, var.health_path, var.health_codes, var.container_port, var.log_group_name,
    var.outputs_parameter, var.data_host_path, var.vpc_cidr, var.zone_count, var.desired_count, var.alert_topic,
  ]
}

run "more_tasks_than_auto_scaling_allows" {
  command = plan

  variables {
    desired_count = 5
    autoscaling   = { min_capacity = 2, max_capacity = 4, cpu_threshold = 80, memory_threshold = 80 }
  }

  expect_failures = [var.autoscaling, check.alerts_reach_somebody, check.security_groups_are_watched]
}

run "fewer_tasks_at_most_than_at_least" {
  command = plan

  variables {
    app         = "Vimbiso"
    autoscaling = { min_capacity = 4, max_capacity = 2, cpu_threshold = 80, memory_threshold = 80 }
  }

  expect_failures = [var.app, var.autoscaling]
}

run "scaling_module" {
  command = plan

  module {
    source = "./modules/autoscaling"
  }

  variables {
    min_capacity             = 0
    max_capacity             = 2
    cpu_threshold            = 100
    memory_threshold         = 5
    load_balancer_arn_suffix = "app/it/1"
    target_group_arn_suffix  = "targetgroup/it/1"
  }

  expect_failures = [var.min_capacity, var.cpu_threshold, var.memory_threshold]
}

run "logs_module" {
  command = plan

  module {
    source = "./modules/logs"
  }

  variables {
    retention_days = 31
  }

  expect_failures = [var.retention_days]
}

run "bucket_module" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    name             = "Bad_Name"
    object_lock_days = -1
    lifecycle_rules  = { transitions = { CHEAP = 10 }, noncurrent_days = 30 }
  }

  expect_failures = [var.name, var.object_lock_days, var.lifecycle_rules]
}
