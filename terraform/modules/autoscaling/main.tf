# A minimum would have ECS start that many tasks of an image that nobody has pushed yet. The pipeline raises it
# to `min_capacity` once a release is good, and a restore in place lowers it to nothing meanwhile.
resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster_name}/${var.service_name}"
  min_capacity       = 0
  max_capacity       = var.max_capacity

  lifecycle {
    ignore_changes = [min_capacity]
  }
}

locals {
  # Name of the policy -> predefined metric, its target value and, for requests, whose requests.
  policies = merge(
    {
      cpu    = { metric = "ECSServiceAverageCPUUtilization", target = var.cpu_threshold, label = null }
      memory = { metric = "ECSServiceAverageMemoryUtilization", target = var.memory_threshold, label = null }
    },
    var.requests_per_target == null ? {} : {
      requests = {
        metric = "ALBRequestCountPerTarget"
        target = var.requests_per_target
        label  = "${var.load_balancer_arn_suffix}/${var.target_group_arn_suffix}"
      }
    },
  )
}

resource "aws_appautoscaling_policy" "this" {
  for_each = local.policies

  name               = each.key
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
      resource_label         = each.value.label
    }
  }
}
