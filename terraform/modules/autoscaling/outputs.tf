output "capacity" {
  description = "Fewest and most tasks."
  value = {
    min = aws_appautoscaling_target.this.min_capacity
    max = aws_appautoscaling_target.this.max_capacity
  }
}

output "targets" {
  description = "Value that each policy holds, by policy."
  value       = { for name, policy in local.policies : name => policy.target }
}
