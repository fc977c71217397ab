# What the environment on one machine keeps of the guide, and what it leaves out.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "local" {
  command = plan

  assert {
    condition     = length(module.certificate) == 0 && one(module.load_balancer.settings.plain).port == 80 && startswith(output.pipeline.url, "http://")
    error_message = "Without a domain the load balancer must answer plain HTTP under its own name."
  }

  assert {
    condition     = one(module.service.settings.host_folders) == var.data_host_path && length(module.service.settings.file_systems) == 0
    error_message = "The data volume must be the host's folder."
  }

  assert {
    condition     = output.pipeline.repository_url == "${var.registry}/${var.repository_name}" && one(module.service.containers).image == "${output.pipeline.repository_url}:not-deployed-yet"
    error_message = "Images must be addressed at the given registry."
  }

  assert {
    condition     = module.logs.settings.retention_days == 30 && length(one(module.service.containers).secrets) == 7
    error_message = "Retention and secrets must be those of the other environments."
  }

  assert {
    condition     = length(module.monitoring) + length(module.waf) + length(module.autoscaling) + length(module.events) + length(module.encryption) + length(module.file_system) + length(module.audit) == 0
    error_message = "What the emulator lacks must be off."
  }

  assert {
    condition     = length(module.network.settings.private) == 2 && length(module.firewall.rules.load_balancer_to_tasks) == 1 && module.service.settings.breaker.rollback
    error_message = "Network, security groups and circuit breaker must be those of the other environments."
  }
}
