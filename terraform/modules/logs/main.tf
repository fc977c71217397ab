resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:the guide keeps logs for 30 days; the retain-logs flow archives them to S3
  name              = var.name
  retention_in_days = var.retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = var.metric_filters

  name           = each.key
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = each.value

  metric_transformation {
    namespace     = var.metrics_namespace
    name          = each.key
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}
