output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "Load balancer as CloudWatch names it."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "Own DNS name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Route 53 zone of the DNS name."
  value       = aws_lb.this.zone_id
}

output "target_group_arn" {
  description = "ARN of the target group, known once a listener forwards to it, which ECS demands of a service."
  value       = aws_lb_target_group.this.arn

  depends_on = [aws_lb_listener.plain, aws_lb_listener_rule.application]
}

output "target_group_arn_suffix" {
  description = "Target group as CloudWatch names it."
  value       = aws_lb_target_group.this.arn_suffix
}

output "settings" {
  description = "What is declared: subnets, listeners, health check, deregistration delay, protection, access logs."
  value = {
    internal             = aws_lb.this.internal
    subnets              = aws_lb.this.subnets
    drops_bad_headers    = aws_lb.this.drop_invalid_header_fields
    deletion_protection  = aws_lb.this.enable_deletion_protection
    access_logs          = [for logs in aws_lb.this.access_logs : { bucket = logs.bucket, enabled = logs.enabled }]
    target_port          = aws_lb_target_group.this.port
    target_protocol      = aws_lb_target_group.this.protocol
    health_path          = aws_lb_target_group.this.health_check[0].path
    matcher              = aws_lb_target_group.this.health_check[0].matcher
    deregistration_delay = tonumber(aws_lb_target_group.this.deregistration_delay)
    https                = [for listener in aws_lb_listener.https : { port = listener.port, policy = listener.ssl_policy, certificate = listener.certificate_arn, default = listener.default_action[0].type }]
    redirects            = [for listener in aws_lb_listener.redirect : { port = listener.port, to = listener.default_action[0].redirect[0].protocol, status = listener.default_action[0].redirect[0].status_code }]
    hosts                = flatten([for rule in aws_lb_listener_rule.application : [for condition in rule.condition : [for host in condition.host_header : host.values]]])
    plain                = [for listener in aws_lb_listener.plain : { port = listener.port, default = listener.default_action[0].type }]
  }
}
