resource "aws_security_group" "cache" {
  #checkov:skip=CKV2_AWS_5:attached in the root module, which the scan does not follow
  count = var.with_cache ? 1 : 0

  name        = "${var.name}-cache"
  description = "Shared Redis: from the tasks only"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-cache" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "cache_from_tasks" {
  count = var.with_cache ? 1 : 0

  security_group_id            = aws_security_group.cache[0].id
  description                  = "Redis from the tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379

  tags = { Name = "${var.name}-cache-from-tasks" }
}

resource "aws_vpc_security_group_egress_rule" "tasks_to_cache" {
  count = var.with_cache ? 1 : 0

  security_group_id            = aws_security_group.tasks.id
  description                  = "Redis that the tasks share"
  referenced_security_group_id = aws_security_group.cache[0].id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379

  tags = { Name = "${var.name}-tasks-to-cache" }
}
