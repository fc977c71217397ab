locals {
  tasks_may_assume = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = "${local.arn}:ecs:${var.region}:${local.account_id}:*" }
      }
    }]
  })

  log_group_arn       = "${module.logs.arn}:*"
  database_secret_arn = aws_db_instance.this.master_user_secret[0].secret_arn
  flow_family_arn     = "${local.arn}:ecs:${var.region}:${local.account_id}:task-definition/*-flows:*"

  pull_and_log = [
    { Sid = "RegistryToken", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" }, # AWS knows no narrower one
    {
      Sid      = "PullImage"
      Effect   = "Allow"
      Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Resource = var.repository_arn
    },
    { Sid = "WriteLogs", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = local.log_group_arn },
    { Sid = "Decrypt", Effect = "Allow", Action = ["kms:Decrypt"], Resource = local.kms_key },
  ]

  read_auth     = { Sid = "ReadAuth", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = local.auth }
  read_key      = { Sid = "ReadKey", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = local.encryption_key }
  read_database = { Sid = "ReadDatabase", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = local.database_secret_arn }

  # What prefect-aws's ECS worker calls, and nothing else.
  worker = [
    { Sid = "Look", Effect = "Allow", Action = ["ecs:DescribeTaskDefinition"], Resource = "*" }, # AWS knows no narrower one
    { Sid = "Define", Effect = "Allow", Action = ["ecs:RegisterTaskDefinition"], Resource = local.flow_family_arn },
    {
      Sid       = "Run"
      Effect    = "Allow"
      Action    = ["ecs:RunTask"]
      Resource  = local.flow_family_arn
      Condition = { ArnEquals = { "ecs:cluster" = module.cluster.arn } }
    },
    {
      Sid       = "Tasks"
      Effect    = "Allow"
      Action    = ["ecs:DescribeTasks", "ecs:StopTask"]
      Resource  = "${local.arn}:ecs:${var.region}:${local.account_id}:task/${var.name}/*"
      Condition = { ArnEquals = { "ecs:cluster" = module.cluster.arn } }
    },
    {
      Sid       = "Tag"
      Effect    = "Allow"
      Action    = ["ecs:TagResource"]
      Resource  = ["${local.arn}:ecs:${var.region}:${local.account_id}:task/${var.name}/*", local.flow_family_arn]
      Condition = { StringEquals = { "ecs:CreateAction" = ["RunTask", "RegisterTaskDefinition"] } }
    },
    {
      Sid       = "HandOverRoles"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = [aws_iam_role.flow.arn, aws_iam_role.execution["client"].arn]
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    },
    {
      Sid      = "HearOfTasks"
      Effect   = "Allow"
      Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
      Resource = aws_sqs_queue.tasks.arn
    },
    { Sid = "LogsOfCrashed", Effect = "Allow", Action = ["logs:GetLogEvents"], Resource = local.log_group_arn },
    { Sid = "Decrypt", Effect = "Allow", Action = ["kms:Decrypt"], Resource = local.kms_key },
  ]

  executions = {
    server = [local.read_auth, local.read_key, local.read_database]
    client = [local.read_auth]
  }
}

resource "aws_iam_role" "execution" {
  for_each = local.executions

  name               = "${var.name}-${each.key}-execution"
  description        = "ECS agent of the ${each.key} tasks: pulls the image, reads the secrets, writes the logs"
  assume_role_policy = local.tasks_may_assume
}

resource "aws_iam_role_policy" "execution" {
  for_each = local.executions

  name   = "execution"
  role   = aws_iam_role.execution[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.pull_and_log, each.value) })
}

# The server itself needs nothing of AWS.
resource "aws_iam_role" "server" {
  name               = "${var.name}-server"
  description        = "Prefect server: no rights"
  assume_role_policy = local.tasks_may_assume
}

resource "aws_iam_role" "worker" {
  name               = "${var.name}-worker"
  description        = "ECS worker: starts and stops the tasks of flow runs"
  assume_role_policy = local.tasks_may_assume
}

resource "aws_iam_role_policy" "worker" {
  name   = "worker"
  role   = aws_iam_role.worker.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.worker })
}

# A flow run becomes its environment's worker role, see terraform/modules/roles; the block aws-ENVIRONMENT names it.
resource "aws_iam_role" "flow" {
  name               = "${var.name}-flow"
  description        = "Flow runs: become the role of their environment"
  assume_role_policy = local.tasks_may_assume
}

resource "aws_iam_role_policy" "flow" {
  count = length(var.flow_role_arns) > 0 ? 1 : 0

  name = "become"
  role = aws_iam_role.flow.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Become", Effect = "Allow", Action = ["sts:AssumeRole"], Resource = sort(tolist(var.flow_role_arns)) }]
  })
}
