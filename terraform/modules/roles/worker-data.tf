locals {
  worker_data = [
    {
      Sid    = "Buckets"
      Effect = "Allow"
      Action = [
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
      ]
      Resource = local.bucket_arns
    },
    {
      Sid      = "StateCopies" # their names and times: check-backups looks whether they are fresh
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = var.state_bucket_arn
    },
    {
      Sid    = "Objects"
      Effect = "Allow"
      Action = [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
      ]
      Resource = [for arn in local.bucket_arns : "${arn}/*"]
    },
  ]

  worker_key = var.kms_key_arn == null ? [] : [{
    Sid      = "Key"
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = var.kms_key_arn
  }]

  worker_signing = var.signing_key_arn == null ? [] : [{
    Sid      = "SignImages"
    Effect   = "Allow"
    Action   = ["kms:DescribeKey", "kms:Sign", "kms:Verify"]
    Resource = var.signing_key_arn
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
