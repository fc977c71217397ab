output "key_arn" {
  description = "ARN of the key."
  value       = aws_kms_key.this.arn
}

output "settings" {
  description = "What is declared: rotation, and what each principal may do."
  value = {
    rotates = aws_kms_key.this.enable_key_rotation
    policy  = local.policy
  }
}
