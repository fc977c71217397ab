output "name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "task_family" {
  description = "Family of the task definition."
  value       = aws_ecs_task_definition.this.family
}

output "task_definition_arn" {
  description = "Terraform's own revision, the template of the pipeline's."
  value       = aws_ecs_task_definition.this.arn
}

output "containers" {
  description = "Container definitions of Terraform's revision."
  value       = local.containers
}

output "container_name" {
  description = "Name of the application's container."
  value       = local.application.name
}
