output "name" {
  description = "Name of the bucket, known once its policy is in place."
  value       = aws_s3_bucket.this.bucket

  depends_on = [aws_s3_bucket_policy.this, aws_s3_bucket_ownership_controls.this]
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "policy" {
  description = "Bucket policy as an object."
  value       = local.policy
}

output "settings" {
  description = "What is declared: versioning, encryption, access, classes, locks."
  value = {
    versioning  = aws_s3_bucket_versioning.this.versioning_configuration[0].status
    encryption  = one(flatten([for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule : rule.apply_server_side_encryption_by_default[*].sse_algorithm]))
    closed      = aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    ownership   = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership
    transitions = { for transition in flatten(aws_s3_bucket_lifecycle_configuration.this[*].rule[0].transition[*]) : transition.storage_class => transition.days }
    expiry      = flatten([for lifecycle in aws_s3_bucket_lifecycle_configuration.this : [for expiration in lifecycle.rule[0].expiration : expiration.days]])
    lock        = flatten([for lock in aws_s3_bucket_object_lock_configuration.this : [for retention in lock.rule[0].default_retention : { mode = retention.mode, days = retention.days }]])
  }
}
