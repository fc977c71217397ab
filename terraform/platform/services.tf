locals {
  # The one place where a container can write: its root is read-only. Fargate gives a volume to root alone, but for
  # a path that the image declares as one, as this is.
  scratch = "/var/lib/pipeline"
  writable = {
    PREFECT_HOME                = "${local.scratch}/prefect"
    PREFECT_UI_STATIC_DIRECTORY = "${local.scratch}/ui" # beside the packages, where the server would put its UI
    TMPDIR                      = local.scratch
  }

  redis_url = "rediss://${aws_elasticache_replication_group.this.primary_endpoint_address}:6379"

  server_environment = {
    PREFECT_SERVER_DATABASE_DRIVER           = "postgresql+asyncpg"
    PREFECT_SERVER_DATABASE_HOST             = aws_db_instance.this.address
    PREFECT_SERVER_DATABASE_PORT             = "5432"
    PREFECT_SERVER_DATABASE_USER             = aws_db_instance.this.username
    PREFECT_SERVER_DATABASE_NAME             = aws_db_instance.this.db_name
    PREFECT_MESSAGING_BROKER                 = "prefect_redis.messaging"
    PREFECT_MESSAGING_CACHE                  = "prefect_redis.messaging"
    PREFECT_SERVER_EVENTS_CAUSAL_ORDERING    = "prefect_redis.ordering"
    PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE = "prefect_redis.lease_storage"
    PREFECT_REDIS_MESSAGING_URL              = "${local.redis_url}/0"
    PREFECT_SERVER_DOCKET_URL                = "${local.redis_url}/1"
    PREFECT_UI_API_URL                       = "https://${var.domain}/api"
    PREFECT_SERVER_ANALYTICS_ENABLED         = "false"
    # Without it, finished runs stay for ever; 90 days is Prefect's default.
    PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED = "events,flow_runs"
  }

  worker_environment = {
    PREFECT_API_URL                                      = "https://${var.domain}/api"
    PREFECT_INTEGRATIONS_AWS_ECS_OBSERVER_SQS_QUEUE_NAME = aws_sqs_queue.tasks.name
    AWS_REGION                                           = var.region
  }

  database_password = "${aws_db_instance.this.master_user_secret[0].secret_arn}:password::"
  server_secrets    = { PREFECT_SERVER_API_AUTH_STRING = local.auth, PREFECT_API_AUTH_STRING = local.auth, PREFECT_SERVER_DATABASE_PASSWORD = local.database_password, PREFECT_SERVER_ENCRYPTION_KEY = local.encryption_key }

  # Fails once the password in the task is outdated, so that ECS replaces the task.
  login = "import asyncio, os; from sqlalchemy.ext.asyncio import create_async_engine as make; from sqlalchemy import URL, text; e = os.environ.get; p = 'PREFECT_SERVER_DATABASE_'; asyncio.run(make(URL.create(e(p + 'DRIVER'), e(p + 'USER'), e(p + 'PASSWORD'), e(p + 'HOST'), 5432, e(p + 'NAME'))).connect().start())"

  ask = { for port in [local.api_port, 8080] : port => "import urllib.request as u; u.urlopen('http://127.0.0.1:${port}${port == local.api_port ? "/api/ready" : "/health"}', timeout=4)" }

  servers = merge(
    {
      server = {
        command     = concat(["prefect", "server", "start", "--host", "0.0.0.0", "--port", tostring(local.api_port)], var.split_services ? ["--no-services"] : [])
        environment = merge(local.server_environment, { PREFECT_SERVER_DATABASE_MIGRATE_ON_START = tostring(!var.split_services) })
        check       = local.ask[local.api_port]
        count       = var.server_count
      }
    },
    # Of these there is one at a time: the old one is stopped before the new one starts.
    !var.split_services ? {} : {
      services = {
        command     = ["sh", "-c", "prefect server database upgrade --yes && exec prefect server services start"]
        environment = local.server_environment
        check       = local.login
        count       = 1
      }
    },
  )

  tasks = merge(
    { for name, item in local.servers : name => merge(item, {
      secrets   = local.server_secrets
      size      = var.server_size
      execution = "server"
      role      = aws_iam_role.server.arn
      group     = "server"
    }) },
    { for name, pool in var.workers : "worker-${name}" => {
      command     = ["prefect", "worker", "start", "--pool", pool, "--type", "ecs", "--name", "ecs-${name}", "--with-healthcheck"]
      environment = local.worker_environment
      check       = local.ask[8080]
      count       = 1
      secrets     = { PREFECT_API_AUTH_STRING = local.auth }
      size        = { cpu = 512, memory = 1024 }
      execution   = "client"
      role        = aws_iam_role.worker.arn
      group       = "worker"
    } },
  )
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.tasks

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.size.cpu
  memory                   = each.value.size.memory
  execution_role_arn       = aws_iam_role.execution[each.value.execution].arn
  task_role_arn            = each.value.role

  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([{
    name                   = "prefect"
    image                  = var.image
    essential              = true
    command                = each.value.command
    user                   = "10002:10002"
    readonlyRootFilesystem = true
    stopTimeout            = 60
    linuxParameters        = { initProcessEnabled = true }
    mountPoints            = [{ sourceVolume = "scratch", containerPath = local.scratch, readOnly = false }]
    portMappings           = each.key == "server" ? [{ containerPort = local.api_port, hostPort = local.api_port, protocol = "tcp" }] : []
    environment            = [for name, value in merge(local.writable, each.value.environment) : { name = name, value = value }]
    secrets                = [for name in sort(keys(each.value.secrets)) : { name = name, valueFrom = each.value.secrets[name] }]
    healthCheck            = { command = ["CMD", "python", "-c", each.value.check], interval = 30, timeout = 10, retries = 4, startPeriod = 120 }

    logConfiguration = {
      logDriver = "awslogs"
      options   = { "awslogs-group" = module.logs.name, "awslogs-region" = var.region, "awslogs-stream-prefix" = each.key }
    }
  }])
}

resource "aws_ecs_service" "this" {
  for_each = local.tasks

  name                               = each.key
  cluster                            = module.cluster.arn
  task_definition                    = aws_ecs_task_definition.this[each.key].arn
  desired_count                      = each.value.count
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  propagate_tags                     = "SERVICE"
  health_check_grace_period_seconds  = each.key == "server" ? 120 : null
  deployment_minimum_healthy_percent = each.key == "services" ? 0 : 100
  deployment_maximum_percent         = each.key == "services" ? 100 : 200
  # ECS can only move tasks between zones where it may start one before it stops one.
  availability_zone_rebalancing = each.key == "services" ? "DISABLED" : "ENABLED"

  network_configuration {
    subnets          = module.network.private_subnet_ids
    security_groups  = [aws_security_group.this[each.value.group].id]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = each.key == "server" ? [aws_lb_target_group.this.arn] : []

    content {
      target_group_arn = load_balancer.value
      container_name   = "prefect"
      container_port   = local.api_port
    }
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  depends_on = [aws_lb_listener.https]
}
