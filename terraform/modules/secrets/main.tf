# The container only. Values are written by the sync-secrets flow and never enter Terraform's state.
resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:the values belong to services that rotate them themselves; sync-secrets carries them here
  name                    = var.name
  description             = "Values of the application; written by the sync-secrets flow"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_days

  tags = { Name = var.name }
}
