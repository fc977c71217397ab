# One Redis for all tasks, where a sidecar in each would give every task a state of its own.
resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_elasticache_replication_group" "this" {
  #checkov:skip=CKV_AWS_31:the tasks' security group is the only way in; a token in the URL would be a secret in the environment
  #checkov:skip=CKV2_AWS_50:on wherever there is a replica; the number of replicas is the environment's own choice
  replication_group_id       = var.name
  description                = "Redis that all tasks share"
  engine                     = "redis"
  engine_version             = var.engine_version
  node_type                  = var.node_type
  num_cache_clusters         = var.replicas + 1
  automatic_failover_enabled = var.replicas > 0
  multi_az_enabled           = var.replicas > 0
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [var.security_group_id]
  transit_encryption_enabled = true
  at_rest_encryption_enabled = true
  kms_key_id                 = var.kms_key_arn
  snapshot_retention_limit   = var.snapshot_days
  auto_minor_version_upgrade = true

  tags = { Name = var.name }
}
