# An asymmetric key: AWS cannot rotate it, and signatures made before would be worth nothing.
resource "aws_kms_key" "this" {
  #checkov:skip=CKV_AWS_7:AWS rotates no asymmetric keys
  description              = "Signatures of the images of ${var.name}"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  deletion_window_in_days  = 30
  policy                   = jsonencode(local.policy)

  tags = { Name = "${var.name}-signing" }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}-signing"
  target_key_id = aws_kms_key.this.key_id
}

locals {
  policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TheAccountDecidesByIam"
      Effect    = "Allow"
      Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  }
}
