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
