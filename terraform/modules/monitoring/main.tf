locals {
  balancer = { LoadBalancer = var.load_balancer_arn_suffix }
  target   = { LoadBalancer = var.load_balancer_arn_suffix, TargetGroup = var.target_group_arn_suffix }
  service  = { ClusterName = var.cluster_name, ServiceName = var.service_name }

  traffic = {
    target-5xx = {
      description = "The application answers with server errors: see its logs and the last deployment."
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", dimensions = local.target
      statistic   = "Sum", comparison = "GreaterThanOrEqualToThreshold", threshold = var.thresholds.server_errors
      period      = 60, periods = 3, missing = "notBreaching"
    }
    load-balancer-5xx = {
      description = "The load balancer finds no task that answers: see the target group's health."
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer
      statistic   = "Sum", comparison = "GreaterThanOrEqualToThreshold", threshold = var.thresholds.server_errors
      period      = 60, periods = 3, missing = "notBreaching"
    }
    latency = {
      description = "One request in twenty takes too long: see the CPU and the database."
      namespace   = "AWS/ApplicationELB", metric = "TargetResponseTime", dimensions = local.target
      statistic   = "p95", comparison = "GreaterThanThreshold", threshold = var.thresholds.latency_seconds
      period      = 60, periods = 5, missing = "notBreaching"
    }
    unhealthy-targets = {
      description = "A task fails its health check: run the diagnose flow."
      namespace   = "AWS/ApplicationELB", metric = "UnHealthyHostCount", dimensions = local.target
      statistic   = "Maximum", comparison = "GreaterThanThreshold", threshold = 0
      period      = 60, periods = 3, missing = "notBreaching"
    }
  }

  capacity = {
    cpu = {
      description = "Auto scaling does not hold the CPU down: raise max_capacity or task_cpu."
      namespace   = "AWS/ECS", metric = "CPUUtilization", dimensions = local.service
      statistic   = "Average", comparison = "GreaterThanThreshold", threshold = var.thresholds.cpu_percent
      period      = 60, periods = 5, missing = "notBreaching"
    }
    memory = {
      description = "Auto scaling does not hold the memory down: raise max_capacity or task_memory."
      namespace   = "AWS/ECS", metric = "MemoryUtilization", dimensions = local.service
      statistic   = "Average", comparison = "GreaterThanThreshold", threshold = var.thresholds.memory_percent
      period      = 60, periods = 5, missing = "notBreaching"
    }
    running-tasks = {
      description = "Fewer tasks run than should: run the diagnose flow."
      namespace   = "ECS/ContainerInsights", metric = "RunningTaskCount", dimensions = local.service
      statistic   = "Minimum", comparison = "LessThanThreshold", threshold = var.thresholds.running_tasks
      period      = 60, periods = 5, missing = "breaching"
    }
  }

  upkeep = {
    application-errors = {
      description = "The application logs errors: filter its log group for ERROR."
      namespace   = var.metrics_namespace, metric = "ApplicationErrors", dimensions = {}
      statistic   = "Sum", comparison = "GreaterThanOrEqualToThreshold", threshold = var.thresholds.logged_errors
      period      = 300, periods = 1, missing = "notBreaching"
    }
  }

  backups = var.backup_age_metric == null ? {} : {
    backup-age = {
      description = "No verified database backup for too long: run backup-sqlite and read its log."
      namespace   = var.metrics_namespace, metric = var.backup_age_metric, dimensions = {}
      statistic   = "Minimum", comparison = "GreaterThanThreshold", threshold = var.thresholds.backup_age_hours
      period      = 3600, periods = 2, missing = "breaching"
    }
  }

  certificate = !var.with_certificate ? {} : {
    certificate-expiry = {
      description = "ACM has not renewed the certificate: run check-certificate, it names the missing DNS record."
      namespace   = "AWS/CertificateManager", metric = "DaysToExpiry", dimensions = { CertificateArn = var.certificate_arn }
      statistic   = "Minimum", comparison = "LessThanThreshold", threshold = var.thresholds.certificate_days
      period      = 86400, periods = 1, missing = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = merge(local.traffic, local.capacity, local.upkeep, local.backups, local.certificate)

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}
