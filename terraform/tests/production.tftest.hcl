# The guide's figures for production.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
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

run "figures" {
  command = plan

  assert {
    condition     = output.pipeline.url == "https://mycredex.app"
    error_message = "Production must answer as mycredex.app."
  }

  assert {
    condition     = output.pipeline.region == "af-south-1"
    error_message = "Production must lie in af-south-1."
  }

  assert {
    condition     = output.pipeline.cluster == "vimbiso-pay-cluster-production" && output.pipeline.service == "vimbiso-pay-service-production" && output.pipeline.repository_name == "vimbiso-pay-production"
    error_message = "Cluster, service and repository must have the guide's names."
  }

  assert {
    condition     = module.autoscaling[0].capacity == { min = 2, max = 6 } && module.autoscaling[0].targets == { cpu = 75, memory = 75 }
    error_message = "Production must scale from 2 to 6 tasks at 75 percent CPU and memory."
  }

  assert {
    condition     = module.service.settings.cpu > 512 && module.service.settings.memory > 1024
    error_message = "Production must have larger tasks than staging."
  }

  assert {
    condition     = module.network.settings.nat_gateways == length(module.network.settings.private)
    error_message = "Production must have a NAT gateway in every zone."
  }

  assert {
    condition     = length(distinct(module.network.settings.private_nats[*].nat_gateway)) == length(module.network.settings.private)
    error_message = "Every private subnet of production must leave through the NAT gateway of its own zone."
  }

  assert {
    condition     = module.load_balancer.settings.deletion_protection
    error_message = "Production must be protected from deletion."
  }

  assert {
    condition     = module.audit[0].settings.multi_region && module.audit[0].settings.validates_files && module.audit[0].settings.records_all && length(module.audit[0].settings.watched) == 2
    error_message = "Production must keep an audit trail of all regions, and of who reads backups."
  }

  assert {
    condition     = module.audit[0].settings.bucket.versioning == "Enabled" && module.audit[0].settings.bucket.closed && module.audit[0].settings.bucket.encryption == "aws:kms" && module.audit[0].settings.bucket.transitions == { STANDARD_IA = 30, GLACIER = 180 }
    error_message = "The trail's bucket must be locked down."
  }
}
