locals {
  target   = { LoadBalancer = aws_lb.this.arn_suffix, TargetGroup = aws_lb_target_group.this.arn_suffix }
  database = { DBInstanceIdentifier = aws_db_instance.this.identifier }

  alarms = merge(
    {
      server-errors = {
        description = "The server answers with errors: see its log and the database."
        namespace   = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", dimensions = local.target
        statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = 10, missing = "notBreaching"
      }
      no-server = {
        description = "No server task is healthy: nothing is scheduled and no run can report. See the service's events."
        namespace   = "AWS/ApplicationELB", metric = "HealthyHostCount", dimensions = local.target
        statistic   = "Minimum", comparison = "LessThanThreshold", threshold = 1, missing = "breaching"
      }
      database-cpu = {
        description = "The database is busy: take a larger class."
        namespace   = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database
        statistic   = "Average", comparison = "GreaterThanThreshold", threshold = 85, missing = "notBreaching"
      }
      database-storage = {
        description = "Less than 2 GiB are free in the database: raise max_storage, delete old flow runs."
        namespace   = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.database
        statistic   = "Minimum", comparison = "LessThanThreshold", threshold = 2147483648, missing = "breaching"
      }
      redis-memory = {
        description = "The message broker is nearly full: take a larger node."
        namespace   = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage", dimensions = { ReplicationGroupId = aws_elasticache_replication_group.this.id }
        statistic   = "Maximum", comparison = "GreaterThanThreshold", threshold = 80, missing = "notBreaching"
      }
      task-events-wait = {
        description = "No worker takes the task events: crashed runs are not noticed."
        namespace   = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = { QueueName = aws_sqs_queue.tasks.name }
        statistic   = "Maximum", comparison = "GreaterThanThreshold", threshold = 900, missing = "notBreaching"
      }
    },
    { for name in setsubtract(keys(local.tasks), ["server"]) : "no-${name}" => {
      description = "The task ${name} does not run: see the service's events."
      namespace   = "ECS/ContainerInsights", metric = "RunningTaskCount", dimensions = { ClusterName = module.cluster.name, ServiceName = name }
      statistic   = "Minimum", comparison = "LessThanThreshold", threshold = 1, missing = "breaching"
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 5
  treat_missing_data  = each.value.missing
  alarm_actions       = [module.alerts.topic_arn]
  ok_actions          = [module.alerts.topic_arn]
}
