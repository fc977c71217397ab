# CI starts nothing in AWS: it calls the pipeline's webhook. With its short-lived token it may fetch the one
# thing that takes, the secret that signs the call; so no key has to be stored with the CI provider.
resource "aws_secretsmanager_secret" "webhook" {
  #checkov:skip=CKV2_AWS_57:replaced by hand, together with the receiver's copy
  count = var.ci == null ? 0 : 1

  name                    = "${var.secret_prefix}/webhook"
  description             = "Signs CI's calls of the pipeline's webhook"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_days
}

resource "aws_iam_openid_connect_provider" "ci" {
  count = try(var.ci.create_provider, false) ? 1 : 0

  url            = "https://${var.ci.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  ci_provider_arn = var.ci == null ? null : try(
    aws_iam_openid_connect_provider.ci[0].arn,
    "arn:${var.partition}:iam::${var.account_id}:oidc-provider/${var.ci.issuer}",
  )

  ci_trust = var.ci == null ? null : {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.ci_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${var.ci.issuer}:aud" = "sts.amazonaws.com"
          "${var.ci.issuer}:sub" = var.ci.subjects
        }
      }
    }]
  }

  ci_statements = var.ci == null ? [] : concat(
    [{
      Sid      = "SignWebhookCalls"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = aws_secretsmanager_secret.webhook[0].arn
    }],
    local.decrypt,
  )
}

resource "aws_iam_role" "ci" {
  count = var.ci == null ? 0 : 1

  name               = "${var.name}-ci"
  description        = "CI: may fetch the secret that signs webhook calls, nothing else"
  assume_role_policy = jsonencode(local.ci_trust)
}

resource "aws_iam_role_policy" "ci" {
  count = var.ci == null ? 0 : 1

  name   = "ci"
  role   = aws_iam_role.ci[0].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.ci_statements })
}
