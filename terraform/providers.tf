# An emulator is reached through AWS_ENDPOINT_URL in the process environment, which the S3 backend reads too.
provider "aws" {
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]
  max_retries         = var.max_retries
  s3_use_path_style   = var.s3_use_path_style

  default_tags {
    tags = merge(local.tags, { ManagedBy = "terraform" })
  }
}
