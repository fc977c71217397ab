resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_150:a variable that is on by default
  #checkov:skip=CKV2_AWS_28:internal; only workers, flow runs and the named ranges reach it
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = true
  subnets                    = module.network.private_subnet_ids
  security_groups            = [aws_security_group.this["balancer"].id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  idle_timeout               = 120 # events come over WebSockets

  access_logs {
    bucket  = module.access_log_bucket.name
    prefix  = "load-balancer"
    enabled = true
  }
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; the tasks answer plain HTTP in private subnets
  name                 = var.name
  vpc_id               = module.network.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = local.api_port
  deregistration_delay = 30

  # `ready` asks the database too, so a task whose password is outdated is replaced. It needs no password itself.
  health_check {
    path                = "/api/ready"
    matcher             = "200"
    interval            = 15
    timeout             = 10
    healthy_threshold   = 2
    unhealthy_threshold = 4
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_route53_record" "this" {
  count = var.zone_id == null ? 0 : 1

  zone_id = var.zone_id
  name    = var.domain
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = true
  }
}
