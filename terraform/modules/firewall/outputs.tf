output "load_balancer_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.load_balancer.id
}

output "tasks_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.tasks.id
}

output "file_system_group_id" {
  description = "Security group of the shared file system; null without one."
  value       = one(aws_security_group.file_system[*].id)
}

output "cache_group_id" {
  description = "Security group of the shared Redis; null without one."
  value       = one(aws_security_group.cache[*].id)
}

output "rules" {
  description = "Who may talk to whom on which port, by rule: a range of addresses or the id of a security group."
  value = {
    world_to_load_balancer = [for rule in aws_vpc_security_group_ingress_rule.load_balancer : { from = rule.cidr_ipv4, port = rule.from_port, to_port = rule.to_port }]
    load_balancer_to_tasks = [for rule in [aws_vpc_security_group_ingress_rule.tasks_from_load_balancer] : { from = rule.referenced_security_group_id, port = rule.from_port, to_port = rule.to_port }]
    tasks_to_file_system   = [for rule in aws_vpc_security_group_ingress_rule.file_system_from_tasks : { from = rule.referenced_security_group_id, port = rule.from_port, to_port = rule.to_port }]
    tasks_to_cache         = [for rule in aws_vpc_security_group_ingress_rule.cache_from_tasks : { from = rule.referenced_security_group_id, port = rule.from_port, to_port = rule.to_port }]
    tasks_to_world         = [for rule in [aws_vpc_security_group_egress_rule.tasks_https] : { to = rule.cidr_ipv4, port = rule.from_port, to_port = rule.to_port }]
  }
}
