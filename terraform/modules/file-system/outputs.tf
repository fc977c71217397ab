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

output "settings" {
  description = "What is declared: encryption, backups, mount targets, and whose files they are."
  value = {
    encrypted     = aws_efs_file_system.this.encrypted
    backup        = aws_efs_backup_policy.this.backup_policy[0].status
    mount_targets = length(aws_efs_mount_target.this)
    owner         = { uid = aws_efs_access_point.data.posix_user[0].uid, gid = aws_efs_access_point.data.posix_user[0].gid }
    policy        = jsondecode(aws_efs_file_system_policy.this.policy)
  }
}
