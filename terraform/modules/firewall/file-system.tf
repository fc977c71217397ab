resource "aws_security_group" "file_system" {
  #checkov:skip=CKV2_AWS_5:attached in the root module, which the scan does not follow
  count = var.with_file_system ? 1 : 0

  name        = "${var.name}-file-system"
  description = "Shared file system: NFS from the tasks only"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-file-system" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "file_system_from_tasks" {
  count = var.with_file_system ? 1 : 0

  security_group_id            = aws_security_group.file_system[0].id
  description                  = "NFS from the tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049

  tags = { Name = "${var.name}-file-system-from-tasks" }
}

resource "aws_vpc_security_group_egress_rule" "tasks_to_file_system" {
  count = var.with_file_system ? 1 : 0

  security_group_id            = aws_security_group.tasks.id
  description                  = "NFS to the shared file system"
  referenced_security_group_id = aws_security_group.file_system[0].id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049

  tags = { Name = "${var.name}-tasks-to-file-system" }
}
