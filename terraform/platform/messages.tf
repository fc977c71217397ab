resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = module.network.private_subnet_ids
}

# Events and leases between the server's processes. Nothing here outlives them, hence few snapshots.
resource "aws_elasticache_replication_group" "this" {
  #checkov:skip=CKV_AWS_31:TLS is on; a token would stand in the state, so the security group alone decides who connects
  replication_group_id = var.name
  description          = "Messages between the processes of the Prefect server"
  engine               = "redis"
  engine_version       = "7.1"
  node_type            = var.redis_node_type
  port                 = 6379

  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this["messages"].id]

  transit_encryption_enabled = true
  at_rest_encryption_enabled = true
  kms_key_id                 = local.kms_key

  snapshot_retention_limit   = 1
  auto_minor_version_upgrade = true
}
