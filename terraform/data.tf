module "file_system" {
  source = "./modules/file-system"
  count  = local.with_file_system ? 1 : 0

  name              = local.name
  kms_key_arn       = local.kms_key_arn
  subnet_ids        = module.network.private_subnet_ids
  security_group_id = module.firewall.file_system_group_id
  owner             = local.owner
  volumes           = concat(["data"], keys(var.data.volumes))
  task_role_arn     = module.roles.task_role_arn
}

module "cache" {
  source = "./modules/cache"
  count  = var.shared_redis == null ? 0 : 1

  name              = local.name
  engine_version    = var.shared_redis.engine_version
  node_type         = var.shared_redis.node_type
  replicas          = var.shared_redis.replicas
  snapshot_days     = var.shared_redis.snapshot_days
  subnet_ids        = module.network.private_subnet_ids
  security_group_id = module.firewall.cache_group_id
  kms_key_arn       = local.kms_key_arn
}

# Backups are pruned by the backup-sqlite flow, which knows which one is verified; so they never expire here.
module "backup_bucket" {
  source = "./modules/bucket"

  name              = "${local.name}-backups-${local.account_id}"
  purpose           = "Database backups and release records"
  force_destroy     = var.force_destroy
  kms_key_arn       = local.kms_key_arn
  object_lock_days  = var.backup_lock_days
  refuse_plain_http = var.refuse_plain_http
  lifecycle_rules   = var.bucket_lifecycle ? { transitions = { STANDARD_IA = 30, GLACIER_IR = 90 }, noncurrent_days = 90 } : null
}

module "log_archive_bucket" {
  source = "./modules/bucket"

  name              = "${local.name}-log-archive-${local.account_id}"
  purpose           = "Archived container logs"
  force_destroy     = var.force_destroy
  kms_key_arn       = local.kms_key_arn
  object_lock_days  = var.backup_lock_days
  refuse_plain_http = var.refuse_plain_http
  lifecycle_rules   = var.bucket_lifecycle ? { transitions = { STANDARD_IA = 30, GLACIER = 180 }, noncurrent_days = 30 } : null
}

module "access_log_bucket" {
  source = "./modules/bucket"
  count  = var.access_logs ? 1 : 0

  name              = "${local.name}-access-logs-${local.account_id}"
  purpose           = "Access logs of the load balancer"
  force_destroy     = var.force_destroy
  refuse_plain_http = var.refuse_plain_http
  lifecycle_rules   = var.bucket_lifecycle ? { transitions = { STANDARD_IA = 30 }, expire_days = 365, noncurrent_days = 30 } : null

  # Load balancers can only write to buckets that are encrypted with S3's own key.
  service_writers = [{
    sid        = "LoadBalancerLogs"
    service    = "logdelivery.elasticloadbalancing.amazonaws.com"
    prefix     = "load-balancer/AWSLogs/${local.account_id}/"
    source_arn = "arn:${data.aws_partition.current.partition}:elasticloadbalancing:${var.region}:${local.account_id}:loadbalancer/*"
  }]
}
