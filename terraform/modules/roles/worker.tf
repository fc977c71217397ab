# The identity of the flows that deliver and maintain the application. Those that run Terraform or guard its
# state make roles and networks, which this role could not; they use the credentials of an administrator.
# Every action stands here by its name.
locals {
  worker_statements = concat(
    local.worker_reads,
    local.worker_delivery,
    local.worker_registry,
    local.worker_data,
    local.worker_key,
    local.worker_signing,
  )

  service_arn         = "arn:${var.partition}:ecs:${var.region}:${var.account_id}:service/${var.cluster_name}/${var.service_name}"
  task_definition_arn = "arn:${var.partition}:ecs:${var.region}:${var.account_id}:task-definition/${var.name}:*"
  cluster_arn         = "arn:${var.partition}:ecs:${var.region}:${var.account_id}:cluster/${var.cluster_name}"
  bucket_arns         = [var.backup_bucket_arn, var.log_archive_bucket_arn]

  # The containers' own, and those of the VPC, the web firewall and Container Insights: environment_groups in
  # pipeline/logs/retention.py. Each in both forms, as AWS judges some calls by the group and others by what it holds.
  log_groups = concat([var.log_group_arn], [
    for name in ["/vpc/${var.name}", "aws-waf-logs-${var.name}", "/aws/ecs/containerinsights/${var.cluster_name}/performance"] :
    "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:${name}"
  ])
  log_group_arns = flatten([for arn in local.log_groups : [arn, "${arn}:*"]])

  # Holds a right to this environment's resources where their ARNs tell nothing.
  own = { for name, value in var.tags : "aws:ResourceTag/${name}" => value }

  worker_reads = [
    {
      Sid      = "Outputs"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter"]
      Resource = var.outputs_parameter_arn
    },
    {
      Sid    = "Look"
      Effect = "Allow"
      Action = [
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingActivities",
        "application-autoscaling:DescribeScalingPolicies",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricStatistics",
        "ec2:DescribeNatGateways",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcEndpoints",
        "ecs:DescribeTaskDefinition",
        "ecs:ListTaskDefinitions",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "logs:DescribeLogGroups",
      ]
      Resource = "*" # AWS knows no narrower resource for these reads, but alarms: of those composite ones need it
    },
    {
      Sid    = "LookAtOwn"
      Effect = "Allow"
      Action = [
        "acm:DescribeCertificate",
        "elasticfilesystem:DescribeMountTargets",
        "elasticfilesystem:DescribeMountTargetSecurityGroups",
      ]
      Resource = [
        "arn:${var.partition}:acm:${var.region}:${var.account_id}:certificate/*",
        "arn:${var.partition}:elasticfilesystem:${var.region}:${var.account_id}:file-system/*",
      ]
      Condition = { StringEquals = local.own }
    },
    {
      Sid      = "Metrics"
      Effect   = "Allow"
      Action   = ["cloudwatch:PutMetricData"]
      Resource = "*" # narrowed by the namespace
      Condition = {
        StringEquals = { "cloudwatch:namespace" = var.metrics_namespace }
      }
    },
  ]

  worker_delivery = [
    {
      Sid      = "Service"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:UpdateService"]
      Resource = local.service_arn
    },
    {
      Sid      = "ServiceDeployments"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServiceDeployments"]
      Resource = [local.service_arn, "${replace(local.service_arn, ":service/", ":service-deployment/")}/*"]
    },
    {
      Sid       = "Tasks"
      Effect    = "Allow"
      Action    = ["ecs:DescribeTasks", "ecs:ListTasks", "ecs:StopTask"]
      Resource  = ["*"] # ListTasks is judged by container instance; the condition holds it to the cluster
      Condition = { ArnEquals = { "ecs:cluster" = local.cluster_arn } }
    },
    {
      Sid       = "RunTask"
      Effect    = "Allow"
      Action    = ["ecs:RunTask"]
      Resource  = local.task_definition_arn
      Condition = { ArnEquals = { "ecs:cluster" = local.cluster_arn } }
    },
    {
      Sid      = "TaskDefinitions"
      Effect   = "Allow"
      Action   = ["ecs:RegisterTaskDefinition"]
      Resource = local.task_definition_arn
    },
    {
      Sid       = "TagTaskDefinitions" # needed to register one with tags
      Effect    = "Allow"
      Action    = ["ecs:TagResource"]
      Resource  = local.task_definition_arn
      Condition = { StringEquals = { "ecs:CreateAction" = "RegisterTaskDefinition" } }
    },
    {
      Sid       = "HandRolesToTasks"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    },
    {
      Sid      = "ReadRoles"
      Effect   = "Allow"
      Action   = ["iam:GetRole"]
      Resource = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
    },
    {
      Sid      = "SuspendScaling" # while the database is restored in place
      Effect   = "Allow"
      Action   = ["application-autoscaling:RegisterScalableTarget"]
      Resource = "arn:${var.partition}:application-autoscaling:${var.region}:${var.account_id}:scalable-target/*"
      Condition = {
        StringEquals = merge(local.own, {
          "application-autoscaling:service-namespace"  = "ecs"
          "application-autoscaling:scalable-dimension" = "ecs:service:DesiredCount"
        })
      }
    },
    {
      Sid      = "SyncSecret"
      Effect   = "Allow"
      Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
      Resource = var.secret_arn
    },
    {
      Sid    = "Logs"
      Effect = "Allow"
      Action = [
        "logs:DescribeLogStreams",
        "logs:GetLogEvents",
        "logs:PutRetentionPolicy",
      ]
      Resource = local.log_group_arns
    },
  ]

  worker_registry = [
    {
      Sid      = "RegistryLogin"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = "*" # AWS knows no narrower resource for this action
    },
    {
      Sid    = "Images"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchDeleteImage",
        "ecr:BatchGetImage",
        "ecr:BatchGetRepositoryScanningConfiguration",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImageScanFindings",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:ListImages",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
      ]
      Resource = var.repository_arn
    },
  ]
}
