data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  arn        = "arn:${local.partition}"
  api_port   = 4200
  kms_key    = module.encryption.key_arn
}

module "encryption" {
  source = "../modules/encryption"

  name       = var.name
  partition  = local.partition
  region     = var.region
  account_id = local.account_id
}

module "network" {
  source = "../modules/network"

  name                = var.name
  region              = var.region
  cidr                = var.vpc_cidr
  zone_count          = 2
  single_nat_gateway  = var.single_nat_gateway
  dns_hostnames       = true
  interface_endpoints = var.interface_endpoints
  flow_log_days       = var.log_retention_days
  kms_key_arn         = local.kms_key
}

module "cluster" {
  source = "../modules/cluster"

  name               = var.name
  container_insights = true
}

module "logs" {
  source = "../modules/logs"

  name              = "/ecs/${var.name}"
  retention_days    = var.log_retention_days
  kms_key_arn       = local.kms_key
  metrics_namespace = var.name
  metric_filters    = { ServerErrors = "?ERROR ?CRITICAL ?Traceback" }
}

module "alerts" {
  source = "../modules/notifications"

  name        = var.name
  account_id  = local.account_id
  emails      = var.alert_emails
  kms_key_arn = local.kms_key
}

module "access_log_bucket" {
  source = "../modules/bucket"

  name              = "${var.name}-access-logs-${local.account_id}"
  purpose           = "Access logs of the load balancer"
  force_destroy     = !var.deletion_protection
  refuse_plain_http = true
  lifecycle_rules   = { transitions = { STANDARD_IA = 30 }, expire_days = 365, noncurrent_days = 30 }

  service_writers = [{
    sid        = "LoadBalancerLogs"
    service    = "logdelivery.elasticloadbalancing.amazonaws.com"
    prefix     = "load-balancer/AWSLogs/${local.account_id}/"
    source_arn = "${local.arn}:elasticloadbalancing:${var.region}:${local.account_id}:loadbalancer/*"
  }]
}
