# The keys are those of `Outputs` in pipeline/outputs.py; nothing secret is among them.
locals {
  outputs = {
    app                 = var.app
    environment         = var.environment
    region              = var.region
    account_id          = local.account_id
    cluster             = module.cluster.name
    service             = module.service.name
    task_family         = module.service.task_family
    task_definition_arn = module.service.task_definition_arn
    desired_count       = var.desired_count
    auto_scaling        = var.autoscaling != null
    minimum_tasks       = try(var.autoscaling.min_capacity, 0)
    container           = module.service.container_name
    container_port      = var.container_port
    repository_name     = module.registry.name
    repository_url      = local.repository_url
    target_group_arns   = [module.load_balancer.target_group_arn]
    load_balancer_arn   = module.load_balancer.arn
    load_balancer_dns   = module.load_balancer.dns_name
    url                 = local.with_https ? "https://${var.domain}" : "http://${module.load_balancer.dns_name}"
    domain_points_here  = var.domain_points_here
    log_group           = module.logs.name
    secret_arn          = module.secret.arn
    backup_bucket       = module.backup_bucket.name
    log_archive_bucket  = module.log_archive_bucket.name
    data_path           = var.data.path
    databases           = var.data.databases
    subnet_ids          = module.network.private_subnet_ids
    security_group_ids  = [module.firewall.tasks_group_id]
    execution_role_arn  = module.roles.execution_role_arn
    task_role_arn       = module.roles.task_role_arn
    certificate_arn     = try(module.certificate[0].arn, null)
    signing_key_arn     = local.signing_key_arn
    alarm_topic_arn     = try(module.alerts[0].topic_arn, null)
    alarm_names         = try(module.monitoring[0].alarm_names, [])
    release_alarm_names = try(module.monitoring[0].release_alarm_names, [])
    metrics_namespace   = local.metrics_namespace
  }
}

resource "aws_ssm_parameter" "outputs" {
  #checkov:skip=CKV2_AWS_34:names and ARNs, nothing secret; every flow reads it
  name        = var.outputs_parameter
  description = "What Terraform built, for the pipeline's flows"
  type        = "String"
  value       = jsonencode(local.outputs)
}

output "pipeline" {
  description = "What Terraform built: the object that the SSM parameter holds."
  value       = local.outputs
}

# Of the zone alone: a splat would wait for the whole module, the certificate's validation included.
output "name_servers" {
  description = "Name servers to delegate the domain to, where Terraform made its zone."
  value       = try(module.certificate[0].name_servers, [])
}
