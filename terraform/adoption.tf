# What stood before this project, under the same names: Terraform takes it over instead of making it. Found by
# deploy-infrastructure with adopt=true, see docs/taking-over.md. An id of what the state holds already does nothing.

variable "adopt" {
  description = "Ids of what exists and is taken over: repository, log_group, cluster, secret, record."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.adopt), ["repository", "log_group", "cluster", "secret", "record"])) == 0
    error_message = "adopt takes repository, log_group, cluster, secret and record; it has ${join(", ", keys(var.adopt))}."
  }
}

locals {
  adopted = { for name in ["repository", "log_group", "cluster", "secret", "record"] : name => { for key, id in var.adopt : key => id if key == name } }
}

import {
  for_each = local.adopted.repository
  to       = module.registry.aws_ecr_repository.this
  id       = each.value
}

import {
  for_each = local.adopted.log_group
  to       = module.logs.aws_cloudwatch_log_group.this
  id       = each.value
}

import {
  for_each = local.adopted.cluster
  to       = module.cluster.aws_ecs_cluster.this
  id       = each.value
}

import {
  for_each = local.adopted.secret
  to       = module.secret.aws_secretsmanager_secret.this
  id       = each.value
}

import {
  for_each = local.adopted.record
  to       = module.certificate[0].aws_route53_record.alias[0]
  id       = each.value
}
