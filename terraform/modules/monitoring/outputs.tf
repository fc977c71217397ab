output "alarm_names" {
  description = "Names of all alarms."
  value       = sort([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name])
}

output "deployment_alarm_names" {
  description = "Alarms that make ECS roll a deployment back: what a bad release shows at once."
  value       = [for key in ["latency", "target-5xx"] : aws_cloudwatch_metric_alarm.this[key].alarm_name]
}

output "release_alarm_names" {
  description = "Alarms that a bad release sets off, and nothing else of the environment does."
  value       = [for key in concat(keys(local.traffic), ["running-tasks"]) : aws_cloudwatch_metric_alarm.this[key].alarm_name]
}

output "alarms" {
  description = "Metric, threshold and actions of each alarm, by its short name."
  value = {
    for key, alarm in aws_cloudwatch_metric_alarm.this : key => {
      metric    = alarm.metric_name
      threshold = alarm.threshold
      actions   = alarm.alarm_actions
    }
  }
}

output "graphs" {
  description = "Titles of the dashboard's graphs."
  value       = local.titles
}
