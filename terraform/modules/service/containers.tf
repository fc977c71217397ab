locals {
  # What an application may read instead of assuming; `variables` in environments.toml say more, or otherwise.
  environment = merge(
    {
      # The load balancer turns unknown host names away; its health checks send the task's address as host.
      ALLOWED_HOSTS = "*"
      DATA_PATH     = var.data.path
      ENVIRONMENT   = var.environment
      PORT          = tostring(var.container_port)
    },
    length(var.data.databases) == 0 ? {} : { DATABASE_PATH = var.data.databases[0] },
    var.container_environment,
  )

  # Name and path of each volume that outlives a task.
  volumes = merge({ data = var.data.path }, var.data.volumes)

  health_url    = "http://localhost:${var.container_port}${var.health_path}"
  health_ranges = [for part in split(",", var.health_codes) : split("-", part)]
  health_tests  = join(" || ", [for part in local.health_ranges : "{ [ $s -ge ${part[0]} ] && [ $s -le ${part[length(part) - 1]} ]; }"])
  health_python = join(" ", [
    "import http.client as h; c = h.HTTPConnection('localhost', ${var.container_port}, timeout=4);",
    "c.request('GET', '${var.health_path}'); print(c.getresponse().status)",
  ])

  # The guide's check is curl; slim images lack it but have Python. Neither follows redirects.
  health_command = join(" ", [
    "if command -v curl >/dev/null 2>&1; then s=$(curl -s -m 4 -o /dev/null -w '%%{http_code}' ${local.health_url});",
    "else s=$($(command -v python3 || command -v python) -c \"${local.health_python}\"); fi;",
    "echo \"${var.health_path} answers $s\"; ${local.health_tests}",
  ])

  log_options = {
    "awslogs-group"         = var.log_group_name
    "awslogs-region"        = var.region
    "awslogs-stream-prefix" = "ecs"
  }

  # What is null is left out: ECS then does as the image says.
  application = { for key, value in {
    name      = "app"
    image     = var.image
    essential = true

    command          = var.container.command
    entryPoint       = var.container.entrypoint
    workingDirectory = var.container.working_directory
    user             = var.container.user
    dependsOn        = length(var.container.depends_on) == 0 ? null : [for name, condition in var.container.depends_on : { containerName = name, condition = condition }]

    portMappings = [{ containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" }]
    environment  = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
    secrets      = [for key in var.secret_keys : { name = key, valueFrom = "${var.secret_arn}:${key}::" }]

    mountPoints = concat(
      [for name, path in local.volumes : { sourceVolume = name, containerPath = path, readOnly = false }],
      var.readonly_root ? [{ sourceVolume = "scratch", containerPath = "/tmp", readOnly = false }] : [],
    )

    readonlyRootFilesystem = var.readonly_root
    stopTimeout            = var.stop_timeout

    healthCheck = {
      command     = coalesce(var.container.health_command, ["CMD-SHELL", local.health_command])
      interval    = 15
      timeout     = 5
      retries     = 3
      startPeriod = var.start_period
    }

    logConfiguration = { logDriver = "awslogs", options = local.log_options }
  } : key => value if value != null }

  sidecars = [for name, sidecar in var.sidecars : { for key, value in {
    name             = name
    image            = sidecar.image
    essential        = sidecar.essential
    command          = sidecar.command
    entryPoint       = sidecar.entrypoint
    workingDirectory = sidecar.working_directory
    user             = sidecar.user
    dependsOn        = length(sidecar.depends_on) == 0 ? null : [for other, condition in sidecar.depends_on : { containerName = other, condition = condition }]

    portMappings           = []
    environment            = [for key in sort(keys(sidecar.variables)) : { name = key, value = sidecar.variables[key] }]
    secrets                = [for key in sidecar.secret_keys : { name = key, valueFrom = "${var.secret_arn}:${key}::" }]
    mountPoints            = sidecar.data == null ? [] : [{ sourceVolume = "data", containerPath = sidecar.data, readOnly = false }]
    readonlyRootFilesystem = sidecar.readonly_root
    healthCheck            = sidecar.health_command == null ? null : { command = sidecar.health_command, interval = 15, timeout = 5, retries = 3, startPeriod = 15 }
    logConfiguration       = { logDriver = "awslogs", options = local.log_options }
  } : key => value if value != null }]

  # Through JSON, because a list's elements must be of one type and these differ.
  containers = [for json in concat([jsonencode(local.application)], [for sidecar in local.sidecars : jsonencode(sidecar)]) : jsondecode(json)]
}
