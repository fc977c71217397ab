output "id" {
  description = "Identifier of the file system."
  value       = aws_efs_file_system.this.id
}

output "arn" {
  description = "ARN of the file system."
  value       = aws_efs_file_system.this.arn
}

output "access_point_id" {
  description = "Access point whose root is the data folder; known once every zone has its mount target."
  value       = aws_efs_access_point.data.id

  depends_on = [aws_efs_mount_target.this]
}
