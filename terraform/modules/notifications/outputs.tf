output "topic_arn" {
  description = "Topic that alarms and events publish to."
  value       = aws_sns_topic.this.arn

  depends_on = [aws_sns_topic_policy.this]
}

output "settings" {
  description = "What is declared: encryption, subscribers, and who may publish."
  value = {
    key         = aws_sns_topic.this.kms_master_key_id
    subscribers = sort([for subscription in aws_sns_topic_subscription.email : subscription.endpoint])
    publishers  = local.policy.Statement[*].Principal.Service
  }
}
