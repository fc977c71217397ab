output "name" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "arn" {
  description = "ARN of the log group, without a trailing :*."
  value       = aws_cloudwatch_log_group.this.arn
}

output "settings" {
  description = "What is declared: retention, and the patterns that are counted."
  value = {
    name           = aws_cloudwatch_log_group.this.name
    retention_days = aws_cloudwatch_log_group.this.retention_in_days
    counted        = { for name, filter in aws_cloudwatch_log_metric_filter.this : name => { pattern = filter.pattern, namespace = filter.metric_transformation[0].namespace } }
  }
}
