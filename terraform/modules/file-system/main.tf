resource "aws_efs_file_system" "this" {
  creation_token  = var.name
  encrypted       = true
  kms_key_id      = var.kms_key_arn
  throughput_mode = "elastic"

  lifecycle_policy {
    transition_to_ia = "AFTER_30_DAYS"
  }

  lifecycle_policy {
    transition_to_primary_storage_class = "AFTER_1_ACCESS"
  }

  tags = { Name = var.name }
}

resource "aws_efs_backup_policy" "this" {
  file_system_id = aws_efs_file_system.this.id

  backup_policy {
    status = "ENABLED"
  }
}

resource "aws_efs_mount_target" "this" {
  count = length(var.subnet_ids)

  file_system_id  = aws_efs_file_system.this.id
  subnet_id       = var.subnet_ids[count.index]
  security_groups = [var.security_group_id]
}

resource "aws_efs_access_point" "this" {
  for_each = toset(var.volumes)

  file_system_id = aws_efs_file_system.this.id

  posix_user {
    uid = var.owner.uid
    gid = var.owner.gid
  }

  root_directory {
    path = "/${each.value}"

    creation_info {
      owner_uid   = var.owner.uid
      owner_gid   = var.owner.gid
      permissions = "0750"
    }
  }

  tags = { Name = "${var.name}-${each.value}" }
}

# Environments of earlier versions keep their data.
moved {
  from = aws_efs_access_point.data
  to   = aws_efs_access_point.this["data"]
}

resource "aws_efs_file_system_policy" "this" {
  file_system_id = aws_efs_file_system.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Id      = var.name
    Statement = [
      {
        Sid       = "RefusePlainText"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "*"
        Resource  = aws_efs_file_system.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "MountThroughTheAccessPoint"
        Effect    = "Allow"
        Principal = { AWS = var.task_role_arn }
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = aws_efs_file_system.this.arn
        Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = [for point in aws_efs_access_point.this : point.arn] } }
      },
    ]
  })
}
