# Every security group and rule stands here, so that who may talk to whom is read in one file.

locals {
  world = "0.0.0.0/0"
}

resource "aws_security_group" "load_balancer" {
  #checkov:skip=CKV2_AWS_5:attached in the root module, which the scan does not follow
  name        = "${var.name}-load-balancer"
  description = "Load balancer: HTTP and HTTPS from the world, the port of the application towards the tasks"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-load-balancer" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  for_each = var.public_ports

  security_group_id = aws_security_group.load_balancer.id
  description       = "${each.key} from the world"
  cidr_ipv4         = local.world
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value

  tags = { Name = "${var.name}-load-balancer-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "load_balancer_to_tasks" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Requests and health checks to the tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port

  tags = { Name = "${var.name}-load-balancer-to-tasks" }
}

resource "aws_security_group" "tasks" {
  #checkov:skip=CKV2_AWS_5:attached in the root module, which the scan does not follow
  name        = "${var.name}-tasks"
  description = "Tasks: the port of the application from the load balancer only"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-tasks" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "tasks_from_load_balancer" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "Requests and health checks from the load balancer"
  referenced_security_group_id = aws_security_group.load_balancer.id
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port

  tags = { Name = "${var.name}-tasks-from-load-balancer" }
}

resource "aws_vpc_security_group_egress_rule" "tasks_https" {
  security_group_id = aws_security_group.tasks.id
  description       = "HTTPS: AWS, and the services that the application calls"
  cidr_ipv4         = local.world
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = { Name = "${var.name}-tasks-https" }
}
