output "id" {
  description = "Identifier of the file system."
  value       = aws_efs_file_system.this.id
}

output "arn" {
  description = "ARN of the file system."
  value       = aws_efs_file_system.this.arn
}

output "access_points" {
  description = "Access point of each volume, by its name; known once every zone has its mount target."
  value       = { for name, point in aws_efs_access_point.this : name => point.id }

  depends_on = [aws_efs_mount_target.this]
}

output "settings" {
  description = "What is declared: encryption, backups, mount targets, and whose files they are."
  value = {
    encrypted     = aws_efs_file_system.this.encrypted
    backup        = aws_efs_backup_policy.this.backup_policy[0].status
    mount_targets = length(aws_efs_mount_target.this)
    owners        = { for name, point in aws_efs_access_point.this : name => { uid = point.posix_user[0].uid, gid = point.posix_user[0].gid } }
    policy        = jsondecode(aws_efs_file_system_policy.this.policy)
  }
}
