output "arn" {
  description = "ARN of the cluster."
  value       = aws_ecs_cluster.this.arn
}

output "name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "settings" {
  description = "Settings of the cluster by name."
  value       = { for setting in aws_ecs_cluster.this.setting : setting.name => setting.value }
}
