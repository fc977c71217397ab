locals {
  environment = merge(
    {
      # The load balancer turns unknown host names away; its health checks send the task's address as host.
      ALLOWED_HOSTS = "*"
      DATA_PATH     = var.data_path
      DATABASE_PATH = var.database_path
      ENVIRONMENT   = var.environment
      PORT          = tostring(var.container_port)
    },
    var.redis_image == null ? {} : { REDIS_URL = "redis://localhost:6379/0" },
    var.container_environment,
  )

  health_url = "http://localhost:${var.container_port}${var.health_path}"

  # The guide's check is curl; slim images lack it but have Python.
  health_command = join(" ", [
    "if command -v curl >/dev/null 2>&1;",
    "then exec curl -fsS -m 4 -o /dev/null ${local.health_url};",
    "else exec python -c \"import urllib.request as u; u.urlopen('${local.health_url}', timeout=4)\"; fi",
  ])

  log_options = {
    "awslogs-group"         = var.log_group_name
    "awslogs-region"        = var.region
    "awslogs-stream-prefix" = "ecs"
  }

  application = {
    name      = "app"
    image     = var.image
    essential = true

    portMappings = [{ containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" }]
    environment  = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
    secrets      = [for key in var.secret_keys : { name = key, valueFrom = "${var.secret_arn}:${key}::" }]

    mountPoints = concat(
      [{ sourceVolume = "data", containerPath = var.data_path, readOnly = false }],
      var.readonly_root ? [{ sourceVolume = "scratch", containerPath = "/tmp", readOnly = false }] : [],
    )

    user                   = "${var.user_id}:${var.user_id}"
    readonlyRootFilesystem = var.readonly_root
    stopTimeout            = var.stop_timeout

    healthCheck = {
      command     = ["CMD-SHELL", local.health_command]
      interval    = 15
      timeout     = 5
      retries     = 3
      startPeriod = var.start_period
    }

    logConfiguration = { logDriver = "awslogs", options = local.log_options }
  }

  # Not essential: without its cache the application is slow, not down.
  redis = {
    name                   = "redis"
    image                  = var.redis_image
    essential              = false
    command                = ["redis-server", "--save", "", "--appendonly", "no", "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]
    environment            = []
    secrets                = []
    mountPoints            = []
    portMappings           = []
    readonlyRootFilesystem = true
    healthCheck            = { command = ["CMD", "redis-cli", "ping"], interval = 15, timeout = 5, retries = 3, startPeriod = 5 }
    logConfiguration       = { logDriver = "awslogs", options = local.log_options }
  }

  # Two jsonencode calls, because a list's elements must be of one type and these two differ.
  containers = [for json in compact([jsonencode(local.application), var.redis_image == null ? "" : jsonencode(local.redis)]) : jsondecode(json)]
}
