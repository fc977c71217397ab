output "name" {
  description = "Name of the repository."
  value       = aws_ecr_repository.this.name
}

output "arn" {
  description = "ARN of the repository."
  value       = aws_ecr_repository.this.arn
}

output "url" {
  description = "ECR's own URL of the repository, without a tag."
  value       = aws_ecr_repository.this.repository_url
}

output "settings" {
  description = "What is declared: scanning, tags, encryption, lifecycle."
  value = {
    scan_on_push = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    tags         = aws_ecr_repository.this.image_tag_mutability
    encryption   = aws_ecr_repository.this.encryption_configuration[0].encryption_type
    lifecycle    = jsondecode(aws_ecr_lifecycle_policy.this.policy)
  }
}
