data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name       = "${var.app}-${var.environment}"
  account_id = data.aws_caller_identity.current.account_id
  with_https = var.domain != null

  # What tells this environment's resources from all others of the account; rights depend on them.
  tags = { Application = var.app, Environment = var.environment }

  # Without a folder of the container host the data lives on a shared file system.
  with_file_system = var.data_host_path == null

  # Whose files the volumes' are, whatever user the container has: EFS takes every caller for this one.
  user  = split(":", var.container.user == null ? "1000" : var.container.user)
  owner = { uid = try(max(tonumber(local.user[0]), 1), 1000), gid = try(max(tonumber(local.user[1]), 1), tonumber(local.user[0]), 1000) }

  repository_url    = var.registry == null ? module.registry.url : "${var.registry}/${module.registry.name}"
  metrics_namespace = "${var.app}/${var.environment}"
  kms_key_arn       = try(module.encryption[0].key_arn, null)
  signing_key_arn   = try(coalesce(var.signing.key), module.signing[0].key_arn, null)
  state_bucket      = join("-", compact([var.app, var.environment, "terraform-state", var.account_id])) # made by bootstrap-state
  recovery_days     = var.force_destroy ? 0 : 30

  # Error tracking: what the application logs, counted.
  log_metrics = {
    ApplicationErrors = "?ERROR ?CRITICAL ?Traceback"
    DatabaseLocked    = "\"database is locked\""
  }
}

module "encryption" {
  source = "./modules/encryption"
  count  = var.own_key ? 1 : 0

  name       = local.name
  partition  = data.aws_partition.current.partition
  region     = var.region
  account_id = local.account_id
}

module "signing" {
  source = "./modules/signing"
  count  = var.signing != null && try(var.signing.key, null) == null ? 1 : 0

  name       = local.name
  partition  = data.aws_partition.current.partition
  account_id = local.account_id
}

module "network" {
  source = "./modules/network"

  name                = local.name
  region              = var.region
  cidr                = var.vpc_cidr
  zone_count          = var.zone_count
  single_nat_gateway  = var.single_nat_gateway
  dns_hostnames       = var.dns_hostnames
  interface_endpoints = var.interface_endpoints
  flow_log_days       = var.flow_log_days
  kms_key_arn         = local.kms_key_arn
}

module "firewall" {
  source = "./modules/firewall"

  name             = local.name
  vpc_id           = module.network.vpc_id
  container_port   = var.container_port
  public_ports     = local.with_https ? { http = 80, https = 443 } : { http = 80 }
  with_file_system = local.with_file_system
  with_cache       = var.shared_redis != null
}

module "registry" {
  source = "./modules/registry"

  name          = var.repository_name
  force_delete  = var.force_destroy
  kms_key_arn   = local.kms_key_arn
  untagged_days = 90
}

module "secret" {
  source = "./modules/secrets"

  name          = var.secret_name
  kms_key_arn   = local.kms_key_arn
  recovery_days = local.recovery_days
}

module "logs" {
  source = "./modules/logs"

  name              = var.log_group_name
  retention_days    = var.log_retention_days
  kms_key_arn       = local.kms_key_arn
  metrics_namespace = local.metrics_namespace
  metric_filters    = local.log_metrics
}

module "roles" {
  source = "./modules/roles"

  name                   = local.name
  partition              = data.aws_partition.current.partition
  region                 = var.region
  account_id             = local.account_id
  kms_key_arn            = local.kms_key_arn
  signing_key_arn        = local.signing_key_arn
  repository_arn         = module.registry.arn
  log_group_arn          = module.logs.arn
  secret_arn             = module.secret.arn
  with_exec              = var.execute_command
  tags                   = local.tags
  cluster_name           = var.cluster_name
  service_name           = var.service_name
  outputs_parameter_arn  = "arn:${data.aws_partition.current.partition}:ssm:${var.region}:${local.account_id}:parameter${var.outputs_parameter}"
  backup_bucket_arn      = module.backup_bucket.arn
  log_archive_bucket_arn = module.log_archive_bucket.arn
  state_bucket_arn       = "arn:${data.aws_partition.current.partition}:s3:::${local.state_bucket}"
  metrics_namespace      = local.metrics_namespace
  worker_principals      = var.worker_principals
  ci                     = var.ci
  secret_prefix          = "${var.app}/${var.environment}"
  recovery_days          = local.recovery_days
}
