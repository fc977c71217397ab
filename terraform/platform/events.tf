# How an ECS worker learns that a task of its runs has ended, so that a run whose container died is marked crashed.
resource "aws_sqs_queue" "tasks" {
  name                              = "${var.name}-ecs-tasks"
  kms_master_key_id                 = local.kms_key
  kms_data_key_reuse_period_seconds = 3600
  message_retention_seconds         = 86400
  visibility_timeout_seconds        = 300
}

resource "aws_sqs_queue_policy" "tasks" {
  queue_url = aws_sqs_queue.tasks.url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TaskEvents"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.tasks.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.tasks.arn } }
    }]
  })
}

resource "aws_cloudwatch_event_rule" "tasks" {
  name        = "${var.name}-ecs-tasks"
  description = "Tasks of the platform's cluster change their state"

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail      = { clusterArn = [module.cluster.arn] }
  })
}

resource "aws_cloudwatch_event_target" "tasks" {
  rule = aws_cloudwatch_event_rule.tasks.name
  arn  = aws_sqs_queue.tasks.arn
}
