module "certificate" {
  source = "./modules/certificate"
  count  = local.with_https ? 1 : 0

  domain                = var.domain
  hosted_zone           = var.hosted_zone
  hosted_zone_id        = var.hosted_zone_id
  new_hosted_zone       = var.new_hosted_zone
  domain_points_here    = var.domain_points_here
  load_balancer_dns     = module.load_balancer.dns_name
  load_balancer_zone_id = module.load_balancer.zone_id
}

module "load_balancer" {
  source = "./modules/load-balancer"

  name                  = local.name
  vpc_id                = module.network.vpc_id
  subnet_ids            = module.network.public_subnet_ids
  security_group_id     = module.firewall.load_balancer_group_id
  container_port        = var.container_port
  health_path           = var.health_path
  health_codes          = var.health_codes
  health_check_interval = var.health_check_interval
  deregistration_delay  = var.deregistration_delay
  deletion_protection   = var.deletion_protection
  access_log_bucket     = try(module.access_log_bucket[0].name, null)
  with_https            = local.with_https
  domain                = var.domain
  certificate_arn       = try(module.certificate[0].arn, null)
}

module "cluster" {
  source = "./modules/cluster"

  name               = var.cluster_name
  container_insights = var.container_insights
}

module "service" {
  source = "./modules/service"

  name                    = var.service_name
  family                  = local.name
  environment             = var.environment
  region                  = var.region
  cluster_arn             = module.cluster.arn
  image                   = "${local.repository_url}:not-deployed-yet"
  cpu                     = var.task_cpu
  memory                  = var.task_memory
  cpu_architecture        = var.cpu_architecture
  container_port          = var.container_port
  health_path             = var.health_path
  health_codes            = var.health_codes
  start_period            = var.start_period
  stop_timeout            = var.stop_timeout
  container_environment   = merge(var.shared_redis == null ? {} : { (var.shared_redis.variable) = module.cache[0].url }, var.container_environment)
  secret_arn              = module.secret.arn
  secret_keys             = var.secret_keys
  container               = var.container
  data                    = var.data
  sidecars                = var.sidecars
  data_host_path          = var.data_host_path
  file_system             = try({ id = module.file_system[0].id, access_points = module.file_system[0].access_points }, null)
  readonly_root           = var.readonly_root
  log_group_name          = module.logs.name
  execution_role_arn      = module.roles.execution_role_arn
  task_role_arn           = module.roles.task_role_arn
  with_exec               = var.execute_command
  subnet_ids              = module.network.private_subnet_ids
  security_group_id       = module.firewall.tasks_group_id
  target_group_arn        = module.load_balancer.target_group_arn
  minimum_healthy_percent = var.minimum_healthy_percent
  maximum_percent         = var.maximum_percent
  deployment_alarm_names  = var.alarms_roll_back ? try(module.monitoring[0].deployment_alarm_names, []) : []
}
