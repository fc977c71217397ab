resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = var.lifecycle_rules == null ? 0 : 1

  bucket = aws_s3_bucket.this.id

  rule {
    id     = "cheaper-classes"
    status = "Enabled"

    filter {}

    dynamic "transition" {
      for_each = var.lifecycle_rules.transitions

      content {
        storage_class = transition.key
        days          = transition.value
      }
    }

    dynamic "expiration" {
      for_each = var.lifecycle_rules.expire_days == null ? [] : [var.lifecycle_rules.expire_days]

      content {
        days = expiration.value
      }
    }

    noncurrent_version_expiration {
      noncurrent_days = var.lifecycle_rules.noncurrent_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
