resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:the buckets are audited by CloudTrail data events or hold access logs themselves
  #checkov:skip=CKV_AWS_144:a second region is not part of the guide; versioning and Object Lock guard against loss by hand
  #checkov:skip=CKV2_AWS_62:nothing listens to object events
  #checkov:skip=CKV_AWS_145:the caller decides the key; load balancers can only write to buckets with S3's own key
  bucket        = var.name
  force_destroy = var.force_destroy

  tags = { Name = var.name, Purpose = var.purpose }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# On the bucket itself it could only be set when the bucket is made.
resource "aws_s3_bucket_object_lock_configuration" "this" {
  count = var.object_lock_days > 0 ? 1 : 0

  bucket = aws_s3_bucket.this.id

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = var.object_lock_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
