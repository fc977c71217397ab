locals {
  auth           = var.auth_secret_arn == null ? module.auth[0].arn : var.auth_secret_arn
  encryption_key = var.encryption_secret_arn == null ? module.encryption_key[0].arn : var.encryption_secret_arn
}

module "auth" {
  source = "../modules/generated-secret"
  count  = var.auth_secret_arn == null ? 1 : 0

  providers = { aws = aws.generator }

  name          = "${var.name}/login"
  description   = "PREFECT_SERVER_API_AUTH_STRING of the server and its clients"
  prefix        = "prefect:"
  kms_key_arn   = local.kms_key
  recovery_days = var.deletion_protection ? 30 : 7
}

# The server encrypts blocks with it. Kept apart from the database, whose snapshots would else tell all secrets.
module "encryption_key" {
  source = "../modules/generated-secret"
  count  = var.encryption_secret_arn == null ? 1 : 0

  providers = { aws = aws.generator }

  name          = "${var.name}/encryption-key"
  description   = "PREFECT_SERVER_ENCRYPTION_KEY of the server"
  base64        = true
  kms_key_arn   = local.kms_key
  recovery_days = var.deletion_protection ? 30 : 7
}
