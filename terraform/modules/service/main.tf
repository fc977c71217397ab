# Terraform makes the first revision, with an image that nobody has pushed yet; the pipeline registers the
# ones that run. See docs/adr/0001-task-definition-ownership.md.
resource "aws_ecs_task_definition" "this" {
  #checkov:skip=CKV_AWS_336:a variable; the image must declare /tmp as a volume for a read-only root to work
  family                   = var.family
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = var.execution_role_arn
  task_role_arn            = var.task_role_arn
  container_definitions    = jsonencode(local.containers)
  skip_destroy             = true
  track_latest             = false

  dynamic "runtime_platform" {
    for_each = var.cpu_architecture == null ? [] : [var.cpu_architecture]

    content {
      operating_system_family = "LINUX"
      cpu_architecture        = runtime_platform.value
    }
  }

  dynamic "volume" {
    for_each = local.volumes

    content {
      name      = volume.key
      host_path = var.data_host_path == null ? null : volume.key == "data" ? var.data_host_path : "${var.data_host_path}-${volume.key}"

      dynamic "efs_volume_configuration" {
        for_each = var.file_system == null ? [] : [var.file_system]

        content {
          file_system_id     = efs_volume_configuration.value.id
          transit_encryption = "ENABLED"

          authorization_config {
            access_point_id = efs_volume_configuration.value.access_points[volume.key]
            iam             = "ENABLED"
          }
        }
      }
    }
  }

  dynamic "volume" {
    for_each = var.readonly_root ? ["scratch"] : []

    content {
      name = volume.value
    }
  }
}

resource "aws_ecs_service" "this" {
  name                               = var.name
  cluster                            = var.cluster_arn
  task_definition                    = aws_ecs_task_definition.this.arn
  desired_count                      = 0
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  enable_execute_command             = var.with_exec
  propagate_tags                     = "SERVICE"
  health_check_grace_period_seconds  = var.start_period
  deployment_minimum_healthy_percent = var.minimum_healthy_percent
  deployment_maximum_percent         = var.maximum_percent
  # ECS can only move tasks between zones where it may start one before it stops one.
  availability_zone_rebalancing = var.maximum_percent > 100 ? "ENABLED" : "DISABLED"

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = var.target_group_arn
    container_name   = local.application.name
    container_port   = var.container_port
  }

  deployment_controller {
    type = "ECS"
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  dynamic "alarms" {
    for_each = length(var.deployment_alarm_names) > 0 ? [var.deployment_alarm_names] : []

    content {
      enable      = true
      rollback    = true
      alarm_names = alarms.value
    }
  }

  lifecycle {
    ignore_changes = [task_definition, desired_count]
  }
}
