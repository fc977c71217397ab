# What the application itself may do in AWS: open a shell where that is switched on. Its data it mounts by the file
# system's own policy, and through the access points alone: a right of the role would go round them.
# Backups leave through URLs that the pipeline signs, so that the application needs no right to any bucket.
locals {
  task_statements = !var.with_exec ? [] : [{
    Sid    = "Exec"
    Effect = "Allow"
    Action = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    Resource = "*" # AWS knows no narrower resource for these actions
  }]
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  description        = "The application's own identity"
  assume_role_policy = local.tasks_may_assume
}

resource "aws_iam_role_policy" "task" {
  count = length(local.task_statements) > 0 ? 1 : 0

  name   = "task"
  role   = aws_iam_role.task.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.task_statements })
}
