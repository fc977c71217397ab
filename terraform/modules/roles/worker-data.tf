locals {
  worker_data = [
    {
      Sid    = "Buckets"
      Effect = "Allow"
      Action = [
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketVersioning",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:ListBucketVersions",
      ]
      Resource = local.bucket_arns
    },
    {
      Sid    = "Objects"
      Effect = "Allow"
      Action = [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:GetObject",
        "s3:GetObjectRetention",
        "s3:GetObjectVersion",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "s3:PutObjectRetention",
      ]
      Resource = [for arn in local.bucket_arns : "${arn}/*"]
    },
  ]

  # backup-state copies the state and looks whether its versions and the lock table are guarded.
  worker_state = concat(
    var.state_bucket == null ? [] : [
      {
        Sid      = "StateBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketVersioning", "s3:ListBucket", "s3:ListBucketVersions"]
        Resource = "arn:${var.partition}:s3:::${var.state_bucket}"
      },
      {
        Sid      = "ReadState"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = "arn:${var.partition}:s3:::${var.state_bucket}/*"
      },
    ],
    var.lock_table == null ? [] : [{
      Sid      = "LockTable"
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Scan"]
      Resource = "arn:${var.partition}:dynamodb:${var.region}:${var.account_id}:table/${var.lock_table}"
    }],
  )

  worker_key = var.kms_key_arn == null ? [] : [{
    Sid      = "Key"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    Resource = var.kms_key_arn
  }]

  # Without a named principal only identities of this account can be let in, by a policy of their own.
  worker_principals = length(var.worker_principals) > 0 ? sort(var.worker_principals) : ["arn:${var.partition}:iam::${var.account_id}:root"]
}

resource "aws_iam_role" "worker" {
  name        = "${var.name}-pipeline-worker"
  description = "The pipeline's worker: delivers and maintains the application"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.worker_principals }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "worker" {
  name   = "worker"
  role   = aws_iam_role.worker.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.worker_statements })
}
