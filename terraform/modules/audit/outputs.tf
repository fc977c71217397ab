output "trail_arn" {
  description = "ARN of the trail."
  value       = aws_cloudtrail.this.arn
}

output "settings" {
  description = "What is declared: regions, validation of files, watched objects, and the bucket."
  value = {
    multi_region    = aws_cloudtrail.this.is_multi_region_trail
    validates_files = aws_cloudtrail.this.enable_log_file_validation
    records_all     = aws_cloudtrail.this.event_selector[0].include_management_events
    watched         = flatten([for selector in aws_cloudtrail.this.event_selector : [for resource in selector.data_resource : resource.values]])
    bucket          = module.bucket.settings
    bucket_policy   = module.bucket.policy
  }
}
