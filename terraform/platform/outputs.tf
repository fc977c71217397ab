output "api_url" {
  description = "PREFECT_API_URL of workers and people."
  value       = "https://${var.domain}/api"
}

output "load_balancer_dns" {
  description = "Name that the domain must point to, where no zone was given."
  value       = aws_lb.this.dns_name
}

output "auth_secret_arn" {
  description = "Secret that holds USER:PASSWORD, the server's PREFECT_SERVER_API_AUTH_STRING."
  value       = local.auth
}

output "encryption_secret_arn" {
  description = "Secret that holds the server's PREFECT_SERVER_ENCRYPTION_KEY."
  value       = local.encryption_key
}

output "flow_role_arn" {
  description = "Role of flow runs; name it in each environment's worker_principals."
  value       = aws_iam_role.flow.arn
}

output "work_pool" {
  description = "Values of work_pool in deployments/environments.toml."
  value = {
    type               = "ecs"
    image              = var.image
    cluster            = module.cluster.name
    subnet_ids         = module.network.private_subnet_ids
    security_group_ids = [aws_security_group.this["flow"].id]
    task_role_arn      = aws_iam_role.flow.arn
    execution_role_arn = aws_iam_role.execution["client"].arn
    log_group          = module.logs.name
    auth_secret_arn    = local.auth
  }
}

output "settings" {
  description = "What is declared: services with command and secrets, database, broker, load balancer, links, rights, alarms."
  value = {
    services = { for name, item in local.tasks : name => { command = item.command, count = item.count, secrets = item.secrets, environment = item.environment } }
    database = {
      encrypted        = aws_db_instance.this.storage_encrypted
      backup_days      = aws_db_instance.this.backup_retention_period
      public           = aws_db_instance.this.publicly_accessible
      standby          = aws_db_instance.this.multi_az
      managed_password = aws_db_instance.this.manage_master_user_password
      password         = nonsensitive(aws_db_instance.this.password == null)
      protected        = aws_db_instance.this.deletion_protection
    }
    broker   = { tls = aws_elasticache_replication_group.this.transit_encryption_enabled, encrypted = tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled), failover = aws_elasticache_replication_group.this.automatic_failover_enabled }
    balancer = { internal = aws_lb.this.internal, port = aws_lb_listener.https.port, protocol = aws_lb_listener.https.protocol, health = aws_lb_target_group.this.health_check[0].path }
    links    = { for name, link in local.links : name => link.port }
    clients  = [for rule in aws_vpc_security_group_ingress_rule.client : rule.cidr_ipv4]
    rights   = { worker = local.worker, executions = local.executions }
    alarms   = sort(keys(local.alarms))
  }
}
