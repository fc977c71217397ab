output "arn" {
  description = "ARN of the web ACL."
  value       = aws_wafv2_web_acl.this.arn
}

output "name" {
  description = "Name of the web ACL, as its metrics carry it."
  value       = aws_wafv2_web_acl.this.name
}

output "settings" {
  description = "What is declared: limit per address, managed groups, what they only count, log retention, and the load balancer behind."
  value = {
    limit    = one(flatten([for rule in aws_wafv2_web_acl.this.rule : [for statement in rule.statement : statement.rate_based_statement[*].limit]]))
    per      = one(flatten([for rule in aws_wafv2_web_acl.this.rule : [for statement in rule.statement : statement.rate_based_statement[*].aggregate_key_type]]))
    managed  = sort(flatten([for rule in aws_wafv2_web_acl.this.rule : [for statement in rule.statement : statement.managed_rule_group_statement[*].name]]))
    log_days = one(aws_cloudwatch_log_group.this[*].retention_in_days)
    redacted = sort(flatten([for logging in aws_wafv2_web_acl_logging_configuration.this : [for field in logging.redacted_fields : field.single_header[*].name]]))
    guards   = aws_wafv2_web_acl_association.this.resource_arn
  }
}
