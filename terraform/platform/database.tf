resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = module.network.private_subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name   = "${var.name}-postgres16"
  family = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }
}

# RDS makes the password and keeps it in Secrets Manager: it is in no variable and no state.
resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_161:Prefect's server logs in by password; the password is RDS's own secret
  #checkov:skip=CKV_AWS_293:a variable that is on by default
  #checkov:skip=CKV_AWS_157:a variable that is on by default
  #checkov:skip=CKV_AWS_133:a variable, 14 days by default and at least 7
  identifier     = var.name
  engine         = "postgres"
  engine_version = "16"
  instance_class = var.database.instance_class
  db_name        = "prefect"
  username       = "prefect"

  manage_master_user_password   = true
  master_user_secret_kms_key_id = local.kms_key

  allocated_storage     = var.database.storage
  max_allocated_storage = var.database.max_storage
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = local.kms_key

  multi_az               = var.database.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  parameter_group_name   = aws_db_parameter_group.this.name
  vpc_security_group_ids = [aws_security_group.this["database"].id]
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period = var.database.backup_days
  backup_window           = "00:30-01:30"
  maintenance_window      = "sun:02:00-sun:03:00"
  copy_tags_to_snapshot   = true
  deletion_protection     = var.deletion_protection
  # Always: to destroy it the protection is switched off first. Named by when the database was made, as a second
  # one must not meet the snapshot of the first.
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-last-${formatdate("YYYYMMDDhhmmss", timestamp())}"

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  performance_insights_enabled    = true
  performance_insights_kms_key_id = local.kms_key
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn

  depends_on = [aws_cloudwatch_log_group.database]

  lifecycle {
    ignore_changes = [final_snapshot_identifier]
  }
}

# RDS would make them itself, without an end and without the key.
resource "aws_cloudwatch_log_group" "database" {
  #checkov:skip=CKV_AWS_338:a variable, as long as every other log
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key
}

# RDS changes the password by itself. Tasks hold the old one: their health checks then fail, ECS replaces them,
# and the new ones read the new password. Seldom is better than RDS's week.
resource "aws_secretsmanager_secret_rotation" "database" {
  #checkov:skip=CKV_AWS_304:a variable, every 90 days by default
  secret_id = aws_db_instance.this.master_user_secret[0].secret_arn

  rotation_rules {
    automatically_after_days = var.database.password_days
  }
}

resource "aws_iam_role" "monitoring" {
  name        = "${var.name}-database-monitoring"
  description = "RDS: writes the database's system metrics"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "${local.arn}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
