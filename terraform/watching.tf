module "alerts" {
  source = "./modules/notifications"
  count  = var.alert_topic ? 1 : 0

  name        = local.name
  account_id  = local.account_id
  emails      = var.alert_emails
  kms_key_arn = local.kms_key_arn
}

check "alerts_reach_somebody" {
  assert {
    condition     = !var.alert_topic || length(var.alert_emails) > 0
    error_message = "Alarms of ${local.name} reach nobody: set alert_emails in environments/${var.environment}.tfvars. Each address must confirm AWS's mail."
  }
}

check "security_groups_are_watched" {
  assert {
    condition     = !var.event_rules || var.cloudtrail
    error_message = "Changes of security groups are heard only where a trail of the account records them: set cloudtrail in environments/${var.environment}.tfvars, or see to one."
  }
}

module "monitoring" {
  source = "./modules/monitoring"
  count  = var.alarms == null ? 0 : 1

  name                     = local.name
  region                   = var.region
  topic_arn                = module.alerts[0].topic_arn
  cluster_name             = var.cluster_name
  service_name             = var.service_name
  load_balancer_arn_suffix = module.load_balancer.arn_suffix
  target_group_arn_suffix  = module.load_balancer.target_group_arn_suffix
  with_certificate         = local.with_https
  certificate_arn          = try(module.certificate[0].arn, null)
  web_acl_name             = try(module.waf[0].name, "none")
  metrics_namespace        = local.metrics_namespace
  log_metrics              = keys(local.log_metrics)
  backup_age_metric        = length(var.data.databases) == 0 ? null : "BackupAgeHours"
  thresholds               = var.alarms
}

module "events" {
  source = "./modules/events"
  count  = var.event_rules ? 1 : 0

  name            = local.name
  topic_arn       = module.alerts[0].topic_arn
  cluster_arn     = module.cluster.arn
  repository_name = var.repository_name
}

module "audit" {
  source = "./modules/audit"
  count  = var.cloudtrail ? 1 : 0

  name                = local.name
  partition           = data.aws_partition.current.partition
  region              = var.region
  account_id          = local.account_id
  kms_key_arn         = local.kms_key_arn
  watched_bucket_arns = [module.backup_bucket.arn, module.log_archive_bucket.arn]
  force_destroy       = var.force_destroy
  refuse_plain_http   = var.refuse_plain_http
  bucket_lifecycle    = var.bucket_lifecycle
}

module "waf" {
  source = "./modules/waf"
  count  = var.waf == null ? 0 : 1

  name                   = local.name
  load_balancer_arn      = module.load_balancer.arn
  requests_per_5_minutes = var.waf.requests_per_5_minutes
  counted_rules          = var.waf.counted_rules
  log_days               = var.waf.log_days
  kms_key_arn            = local.kms_key_arn
}

module "autoscaling" {
  source = "./modules/autoscaling"
  count  = var.autoscaling == null ? 0 : 1

  cluster_name             = module.cluster.name
  service_name             = module.service.name
  min_capacity             = var.autoscaling.min_capacity
  max_capacity             = var.autoscaling.max_capacity
  cpu_threshold            = var.autoscaling.cpu_threshold
  memory_threshold         = var.autoscaling.memory_threshold
  requests_per_target      = var.autoscaling.requests_per_target
  load_balancer_arn_suffix = module.load_balancer.arn_suffix
  target_group_arn_suffix  = module.load_balancer.target_group_arn_suffix
}
