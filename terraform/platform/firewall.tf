# Who may talk to whom, in one file. Rules with a group as source are written `to` <- `from`.
locals {
  groups = {
    balancer = "Load balancer: HTTPS from workers, flow runs and the named ranges"
    server   = "Prefect server and its background services"
    worker   = "ECS workers"
    flow     = "Flow runs"
    database = "PostgreSQL, from the server only"
    messages = "Redis, from the server only"
  }

  links = {
    worker-balancer = { from = "worker", to = "balancer", port = 443 }
    flow-balancer   = { from = "flow", to = "balancer", port = 443 }
    balancer-server = { from = "balancer", to = "server", port = local.api_port }
    server-database = { from = "server", to = "database", port = 5432 }
    server-messages = { from = "server", to = "messages", port = 6379 }
  }
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:attached to the services, which the scan does not follow through for_each
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = module.network.vpc_id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "link" {
  for_each = local.links

  security_group_id            = aws_security_group.this[each.value.to].id
  description                  = "From ${each.value.from}"
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "link" {
  for_each = local.links

  security_group_id            = aws_security_group.this[each.value.from].id
  description                  = "To ${each.value.to}"
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = var.client_cidrs

  security_group_id = aws_security_group.this["balancer"].id
  description       = "Clients"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "https" {
  for_each = toset(["server", "worker", "flow"])

  security_group_id = aws_security_group.this[each.key].id
  description       = "HTTPS: AWS, and what automations notify"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
