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

output "settings" {
  description = "What is declared: size, deployment, network, volume."
  value = {
    launch_type        = aws_ecs_service.this.launch_type
    cpu                = tonumber(aws_ecs_task_definition.this.cpu)
    memory             = tonumber(aws_ecs_task_definition.this.memory)
    breaker            = aws_ecs_service.this.deployment_circuit_breaker[0]
    minimum_percent    = aws_ecs_service.this.deployment_minimum_healthy_percent
    maximum_percent    = aws_ecs_service.this.deployment_maximum_percent
    rebalancing        = aws_ecs_service.this.availability_zone_rebalancing
    alarms             = [for alarms in aws_ecs_service.this.alarms : { names = alarms.alarm_names, rollback = alarms.rollback }]
    subnets            = aws_ecs_service.this.network_configuration[0].subnets
    security_groups    = aws_ecs_service.this.network_configuration[0].security_groups
    public_address     = aws_ecs_service.this.network_configuration[0].assign_public_ip
    exec               = aws_ecs_service.this.enable_execute_command
    target_port        = one(aws_ecs_service.this.load_balancer[*].container_port)
    file_systems       = flatten([for volume in aws_ecs_task_definition.this.volume : [for efs in volume.efs_volume_configuration : { id = efs.file_system_id, in_transit = efs.transit_encryption, iam = efs.authorization_config[0].iam }]])
    host_folders       = compact([for volume in aws_ecs_task_definition.this.volume : volume.host_path])
    execution_role_arn = aws_ecs_task_definition.this.execution_role_arn
    task_role_arn      = aws_ecs_task_definition.this.task_role_arn
  }
}
