data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name       = "${var.app}-${var.environment}"
  account_id = data.aws_caller_identity.current.account_id
  with_https = var.domain != null

  # Without a folder of the container host the data lives on a shared file system.
  with_file_system = var.data_host_path == null

  # The image's Dockerfile makes this user.
  user_id = 10001

  repository_url    = var.registry == null ? module.registry.url : "${var.registry}/${module.registry.name}"
  metrics_namespace = "${var.app}/${var.environment}"
  kms_key_arn       = null
  data_path         = "/data"
  database_path     = "${local.data_path}/db.sqlite3"
}

module "network" {
  source = "./modules/network"

  name               = local.name
  region             = var.region
  cidr               = var.vpc_cidr
  zone_count         = var.zone_count
  single_nat_gateway = var.single_nat_gateway
  dns_hostnames      = var.dns_hostnames
}

module "firewall" {
  source = "./modules/firewall"

  name             = local.name
  vpc_id           = module.network.vpc_id
  container_port   = var.container_port
  public_ports     = local.with_https ? { http = 80, https = 443 } : { http = 80 }
  with_file_system = local.with_file_system
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
  recovery_days = var.force_destroy ? 0 : 30
}

module "logs" {
  source = "./modules/logs"

  name              = var.log_group_name
  retention_days    = var.log_retention_days
  kms_key_arn       = local.kms_key_arn
  metrics_namespace = local.metrics_namespace
}

module "roles" {
  source = "./modules/roles"

  name             = local.name
  partition        = data.aws_partition.current.partition
  region           = var.region
  account_id       = local.account_id
  kms_key_arn      = local.kms_key_arn
  repository_arn   = module.registry.arn
  log_group_arn    = module.logs.arn
  secret_arn       = module.secret.arn
  with_file_system = local.with_file_system
  with_exec        = var.execute_command
}
