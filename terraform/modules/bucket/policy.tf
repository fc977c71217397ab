locals {
  refuse_plain_http = {
    Sid       = "RefusePlainHttp"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }

  writers = [for writer in var.service_writers : {
    Sid       = writer.sid
    Effect    = "Allow"
    Principal = { Service = writer.service }
    Action    = "s3:PutObject"
    Resource  = "${aws_s3_bucket.this.arn}/${writer.prefix}*"
    Condition = { ArnLike = { "aws:SourceArn" = writer.source_arn } }
  }]

  readers = [for writer in var.service_writers : {
    Sid       = "${writer.sid}Acl"
    Effect    = "Allow"
    Principal = { Service = writer.service }
    Action    = "s3:GetBucketAcl"
    Resource  = aws_s3_bucket.this.arn
    Condition = { ArnLike = { "aws:SourceArn" = writer.source_arn } }
  } if writer.checks_acl]

  policy = {
    Version   = "2012-10-17"
    Statement = concat(var.refuse_plain_http ? [local.refuse_plain_http] : [], local.writers, local.readers)
  }
}

resource "aws_s3_bucket_policy" "this" {
  count = length(local.policy.Statement) > 0 ? 1 : 0

  bucket = aws_s3_bucket.this.id
  policy = jsonencode(local.policy)

  depends_on = [aws_s3_bucket_public_access_block.this]
}
