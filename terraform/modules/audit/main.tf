module "bucket" {
  source = "../bucket"

  name              = "${var.name}-trail-${var.account_id}"
  purpose           = "CloudTrail"
  force_destroy     = var.force_destroy
  kms_key_arn       = var.kms_key_arn
  refuse_plain_http = var.refuse_plain_http
  lifecycle_rules   = var.bucket_lifecycle ? { transitions = { STANDARD_IA = 30, GLACIER = 180 }, expire_days = 730, noncurrent_days = 30 } : null

  service_writers = [{
    sid        = "Trail"
    service    = "cloudtrail.amazonaws.com"
    prefix     = "AWSLogs/${var.account_id}/"
    source_arn = "arn:${var.partition}:cloudtrail:${var.region}:${var.account_id}:trail/${var.name}"
    checks_acl = true
  }]
}

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV2_AWS_10:security-group changes reach people through EventBridge; a copy in CloudWatch would only cost
  #checkov:skip=CKV_AWS_252:EventBridge tells the topic; a message per delivered file would drown it
  name                          = var.name
  s3_bucket_name                = module.bucket.name
  kms_key_id                    = var.kms_key_arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true

  # Who read or wrote backups and archived logs is worth its price; other objects are not.
  event_selector {
    read_write_type           = "All"
    include_management_events = true

    data_resource {
      type   = "AWS::S3::Object"
      values = [for arn in var.watched_bucket_arns : "${arn}/"]
    }
  }

  tags = { Name = var.name }
}
