variable "name" {
  description = "Name of the service."
  type        = string
  nullable    = false
}

variable "family" {
  description = "Family of the task definition."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, as the application sees it."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the log group."
  type        = string
  nullable    = false
}

variable "cluster_arn" {
  description = "Cluster that the service runs in."
  type        = string
  nullable    = false
}

variable "image" {
  description = "Image of the first revision; it need not exist, as no task is started from it."
  type        = string
  nullable    = false
}

variable "cpu" {
  description = "CPU units of a task (1024 are one vCPU)."
  type        = number
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.cpu)
    error_message = "cpu must be 256, 512, 1024, 2048 or 4096; it is ${var.cpu}."
  }
}

variable "memory" {
  description = "Memory of a task in MiB; Fargate allows two to eight times the CPU units."
  type        = number
  nullable    = false

  validation {
    condition     = var.memory >= var.cpu * 2 && var.memory <= var.cpu * 8
    error_message = "memory must be two to eight times cpu; it is ${var.memory} MiB with cpu ${var.cpu}."
  }
}

variable "cpu_architecture" {
  description = "Processor of the tasks: X86_64 or ARM64; the container host's own when null."
  type        = string
  default     = null

  validation {
    condition     = var.cpu_architecture == null || try(contains(["X86_64", "ARM64"], var.cpu_architecture), false)
    error_message = "cpu_architecture must be X86_64 or ARM64."
  }
}

variable "container_port" {
  description = "TCP port of the application."
  type        = number
  nullable    = false
}

variable "health_path" {
  description = "Path of the container's health check."
  type        = string
  nullable    = false
}

variable "health_codes" {
  description = "Statuses that mean healthy, as a target group's matcher has them."
  type        = string
  nullable    = false
}

variable "start_period" {
  description = "Seconds after the start in which failing health checks do not count."
  type        = number
  nullable    = false

  validation {
    condition     = var.start_period >= 0 && var.start_period <= 300
    error_message = "start_period must be 0 to 300 seconds; it is ${var.start_period}."
  }
}

variable "stop_timeout" {
  description = "Seconds between SIGTERM and SIGKILL of a stopping container."
  type        = number
  nullable    = false

  validation {
    condition     = var.stop_timeout >= 2 && var.stop_timeout <= 120
    error_message = "stop_timeout must be 2 to 120 seconds; it is ${var.stop_timeout}."
  }
}

variable "container_environment" {
  description = "Further plain environment variables of the container; nothing secret."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.container_environment), var.secret_keys)) == 0
    error_message = "container_environment must not repeat a key of secret_keys: secrets are never plain."
  }
}

variable "secret_arn" {
  description = "Secret that holds the values of secret_keys."
  type        = string
  nullable    = false
}

variable "secret_keys" {
  description = "Keys of the secret that become environment variables of the same name."
  type        = list(string)
  nullable    = false
}

variable "container" {
  description = "The application's container: command, entry point, working directory, user, dependencies, health check; what is null is as the image says."
  type = object({
    command           = optional(list(string))
    entrypoint        = optional(list(string))
    working_directory = optional(string)
    user              = optional(string)
    depends_on        = optional(map(string), {})
    health_command    = optional(list(string))
  })
  nullable = false
}

variable "data" {
  description = "Where the data volume is mounted, the SQLite databases on it, and further volumes by name with their path."
  type        = object({ path = string, databases = list(string), volumes = map(string) })
  nullable    = false
}

variable "sidecars" {
  description = "Containers beside the application's, by name."
  type = map(object({
    image             = string
    command           = optional(list(string))
    entrypoint        = optional(list(string))
    user              = optional(string)
    working_directory = optional(string)
    essential         = optional(bool, false)
    variables         = optional(map(string), {})
    secret_keys       = optional(list(string), [])
    health_command    = optional(list(string))
    depends_on        = optional(map(string), {})
    data              = optional(string)
    readonly_root     = optional(bool, false)
  }))
  nullable = false
}

variable "data_host_path" {
  description = "Folder of the container host that is the data volume, and beside which the others lie; null where a file system is."
  type        = string
  default     = null
}

variable "file_system" {
  description = "EFS file system and the access point of each volume; null where a host folder is."
  type        = object({ id = string, access_points = map(string) })
  default     = null
}

variable "readonly_root" {
  description = "Whether the container's own file system is read-only; the image must then declare VOLUME /tmp, world-writable."
  type        = bool
  nullable    = false
}

variable "log_group_name" {
  description = "Log group of the containers."
  type        = string
  nullable    = false
}

variable "execution_role_arn" {
  description = "Role of the ECS agent."
  type        = string
  nullable    = false
}

variable "task_role_arn" {
  description = "Role of the application."
  type        = string
  nullable    = false
}

variable "with_exec" {
  description = "Whether ECS Exec may open a shell in a task."
  type        = bool
  nullable    = false
}

variable "subnet_ids" {
  description = "Private subnets of the tasks."
  type        = list(string)
  nullable    = false
}

variable "security_group_id" {
  description = "Security group of the tasks."
  type        = string
  nullable    = false
}

variable "target_group_arn" {
  description = "Target group that the tasks join."
  type        = string
  nullable    = false
}

variable "minimum_healthy_percent" {
  description = "Share of the desired tasks that must stay up in a deployment; 0 with a maximum of 100 stops before it starts."
  type        = number
  nullable    = false

  validation {
    condition     = var.minimum_healthy_percent >= 0 && var.minimum_healthy_percent <= 100
    error_message = "minimum_healthy_percent must be 0 to 100; it is ${var.minimum_healthy_percent}."
  }
}

variable "maximum_percent" {
  description = "Share of the desired tasks that may run at once in a deployment."
  type        = number
  nullable    = false

  validation {
    condition     = var.maximum_percent >= 100 && var.maximum_percent <= 200 && var.maximum_percent > var.minimum_healthy_percent
    error_message = "maximum_percent must be 100 to 200 and more than minimum_healthy_percent; it is ${var.maximum_percent} with a minimum of ${var.minimum_healthy_percent}."
  }
}

variable "deployment_alarm_names" {
  description = "Alarms that make ECS roll a deployment back."
  type        = list(string)
  default     = []
  nullable    = false
}
