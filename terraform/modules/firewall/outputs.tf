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
