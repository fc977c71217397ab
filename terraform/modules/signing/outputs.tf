output "key_arn" {
  description = "ARN of the key."
  value       = aws_kms_key.this.arn
}

output "settings" {
  description = "What is declared: what the key is for, and its kind."
  value = {
    usage = aws_kms_key.this.key_usage
    kind  = aws_kms_key.this.customer_master_key_spec
  }
}
