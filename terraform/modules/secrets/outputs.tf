output "arn" {
  description = "ARN of the secret."
  value       = aws_secretsmanager_secret.this.arn
}

output "recovery_days" {
  description = "Days in which the deleted secret can be brought back."
  value       = aws_secretsmanager_secret.this.recovery_window_in_days
}
