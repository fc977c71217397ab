output "url" {
  description = "Address of the primary for the application, with TLS."
  value       = "rediss://${aws_elasticache_replication_group.this.primary_endpoint_address}:6379/0"
}

output "settings" {
  description = "What is declared: encryption, replicas, failover, snapshots."
  value = {
    in_transit    = aws_elasticache_replication_group.this.transit_encryption_enabled
    at_rest       = tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled)
    nodes         = aws_elasticache_replication_group.this.num_cache_clusters
    failover      = aws_elasticache_replication_group.this.automatic_failover_enabled
    snapshot_days = aws_elasticache_replication_group.this.snapshot_retention_limit
  }
}
