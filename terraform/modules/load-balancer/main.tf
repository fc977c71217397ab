resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_150:a variable, on in production; an environment that may be destroyed leaves it off
  #checkov:skip=CKV2_AWS_28:the firewall is the module waf, attached in the root module
  #checkov:skip=CKV2_AWS_20:the redirecting listener is there wherever a domain is
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.subnet_ids
  security_groups            = [var.security_group_id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  idle_timeout               = 60

  dynamic "access_logs" {
    for_each = var.access_log_bucket == null ? [] : [var.access_log_bucket]

    content {
      bucket  = access_logs.value
      prefix  = "load-balancer"
      enabled = true
    }
  }

  tags = { Name = var.name }
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer, as the guide says; the tasks answer plain HTTP in private subnets
  name                 = var.name
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = var.container_port
  deregistration_delay = var.deregistration_delay

  health_check {
    path                = var.health_path
    port                = "traffic-port"
    protocol            = "HTTP"
    matcher             = var.health_codes
    interval            = var.health_check_interval
    timeout             = min(5, var.health_check_interval - 1)
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  tags = { Name = var.name }
}
