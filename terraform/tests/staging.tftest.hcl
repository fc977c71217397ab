# The guide's figures for staging.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "figures" {
  command = plan

  assert {
    condition     = output.pipeline.url == "https://stage.mycredex.dev"
    error_message = "Staging must answer as stage.mycredex.dev."
  }

  assert {
    condition     = output.pipeline.region == "af-south-1"
    error_message = "Staging must lie in af-south-1."
  }

  assert {
    condition     = output.pipeline.cluster == "vimbiso-pay-cluster-staging" && output.pipeline.service == "vimbiso-pay-service-staging" && output.pipeline.repository_name == "vimbiso-pay-staging"
    error_message = "Cluster, service and repository must have the guide's names."
  }

  assert {
    condition     = module.autoscaling[0].capacity == { min = 2, max = 4 } && module.autoscaling[0].targets == { cpu = 80, memory = 80 }
    error_message = "Staging must scale from 2 to 4 tasks at 80 percent CPU and memory."
  }

  assert {
    condition     = module.service.settings.cpu == 512 && module.service.settings.memory == 1024
    error_message = "Staging must have moderate tasks."
  }

  assert {
    condition     = module.network.settings.nat_gateways == 1
    error_message = "Staging must share one NAT gateway."
  }

  assert {
    condition     = !module.load_balancer.settings.deletion_protection
    error_message = "Staging must be removable."
  }
}
