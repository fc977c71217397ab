locals {
  # Title -> metrics as CloudWatch writes them: namespace, name, then dimension names and values.
  graphs = {
    "Requests" = [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.load_balancer_arn_suffix, { stat = "Sum" }]]
    "Latency (p50, p95)" = [
      ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.load_balancer_arn_suffix, { stat = "p50" }],
      ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.load_balancer_arn_suffix, { stat = "p95" }],
    ]
    "Server errors" = [
      ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", var.load_balancer_arn_suffix, { stat = "Sum" }],
      ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.load_balancer_arn_suffix, { stat = "Sum" }],
    ]
    "Targets" = [
      ["AWS/ApplicationELB", "HealthyHostCount", "TargetGroup", var.target_group_arn_suffix, "LoadBalancer", var.load_balancer_arn_suffix, { stat = "Minimum" }],
      ["AWS/ApplicationELB", "UnHealthyHostCount", "TargetGroup", var.target_group_arn_suffix, "LoadBalancer", var.load_balancer_arn_suffix, { stat = "Maximum" }],
    ]
    "CPU and memory" = [
      ["AWS/ECS", "CPUUtilization", "ClusterName", var.cluster_name, "ServiceName", var.service_name, { stat = "Average" }],
      ["AWS/ECS", "MemoryUtilization", "ClusterName", var.cluster_name, "ServiceName", var.service_name, { stat = "Average" }],
    ]
    "Tasks" = [
      ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", var.cluster_name, "ServiceName", var.service_name, { stat = "Average" }],
      ["ECS/ContainerInsights", "DesiredTaskCount", "ClusterName", var.cluster_name, "ServiceName", var.service_name, { stat = "Average" }],
    ]
    "Logged errors"  = [for name in var.log_metrics : [var.metrics_namespace, name, { stat = "Sum" }]]
    "Backup age (h)" = [for name in compact([var.backup_age_metric]) : [var.metrics_namespace, name, { stat = "Minimum" }]]
    "Web firewall" = [
      ["AWS/WAFV2", "BlockedRequests", "WebACL", var.web_acl_name, "Region", var.region, "Rule", "ALL", { stat = "Sum" }],
      ["AWS/WAFV2", "AllowedRequests", "WebACL", var.web_acl_name, "Region", var.region, "Rule", "ALL", { stat = "Sum" }],
    ]
  }

  titles = sort(keys(local.graphs))

  widgets = [for index, title in local.titles : {
    type   = "metric"
    x      = index % 3 * 8
    y      = floor(index / 3) * 6
    width  = 8
    height = 6
    properties = {
      title   = title
      region  = var.region
      view    = "timeSeries"
      period  = 60
      metrics = local.graphs[title]
    }
  }]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
