output "topic_arn" {
  description = "Topic that alarms and events publish to."
  value       = aws_sns_topic.this.arn

  depends_on = [aws_sns_topic_policy.this]
}
