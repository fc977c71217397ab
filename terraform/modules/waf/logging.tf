# AWS demands this prefix of a log group that WAF writes to.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:the guide keeps logs for 30 days
  count = var.log_days > 0 ? 1 : 0

  name              = "aws-waf-logs-${var.name}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  count = var.log_days > 0 ? 1 : 0

  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.this[0].arn]

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  redacted_fields {
    single_header {
      name = "cookie"
    }
  }
}
