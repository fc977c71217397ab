output "rules" {
  description = "Event pattern and target of each rule, by its short name."
  value = {
    for key, rule in aws_cloudwatch_event_rule.this : key => {
      pattern = jsondecode(rule.event_pattern)
      target  = aws_cloudwatch_event_target.topic[key].arn
    }
  }
}
