# Made by AWS at the first apply and written without a trace in plan or state. Another value is put in by a person,
# which Terraform does not notice.
ephemeral "aws_secretsmanager_random_password" "this" {
  password_length     = 32
  exclude_punctuation = true
}

locals {
  password = ephemeral.aws_secretsmanager_random_password.this.random_password
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:who uses it must change it at the same time, see docs/platform.md
  name                    = var.name
  description             = var.description
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_days
}

# Of letters and digits no byte makes a plus or a slash in base64: 32 of them are a Fernet key.
resource "aws_secretsmanager_secret_version" "this" {
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo         = var.base64 ? base64encode(local.password) : "${var.prefix}${local.password}"
  secret_string_wo_version = 1
}
