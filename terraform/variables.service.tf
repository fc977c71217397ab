variable "task_cpu" {
  description = "CPU units of a task (1024 are one vCPU)."
  type        = number
  nullable    = false
}

variable "task_memory" {
  description = "Memory of a task in MiB."
  type        = number
  nullable    = false
}

variable "cpu_architecture" {
  description = "Processor of the tasks: X86_64 or ARM64; the images must be built for it. The container host's own when null."
  type        = string
  default     = null
}

variable "desired_count" {
  description = "Tasks that the first deployment starts; auto scaling decides afterwards."
  type        = number
  nullable    = false

  validation {
    condition     = var.desired_count >= 1
    error_message = "desired_count must be at least 1; it is ${var.desired_count}."
  }
}

variable "minimum_healthy_percent" {
  description = "Share of the desired tasks that must stay up in a deployment; 0 with a maximum of 100 stops before it starts."
  type        = number
  default     = 100
  nullable    = false
}

variable "maximum_percent" {
  description = "Share of the desired tasks that may run at once in a deployment."
  type        = number
  default     = 200
  nullable    = false
}

variable "start_period" {
  description = "Seconds after a task's start in which failing health checks do not count."
  type        = number
  default     = 60
  nullable    = false
}

variable "stop_timeout" {
  description = "Seconds between SIGTERM and SIGKILL of a stopping container."
  type        = number
  default     = 30
  nullable    = false
}

variable "container_environment" {
  description = "Further plain environment variables of the container; nothing secret."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "container_insights" {
  description = "Whether CloudWatch Container Insights collects per-task metrics."
  type        = bool
  default     = true
  nullable    = false
}

variable "execute_command" {
  description = "Whether ECS Exec may open a shell in a task."
  type        = bool
  default     = false
  nullable    = false
}

variable "readonly_root" {
  description = "Whether the container's own file system is read-only; the image must then declare VOLUME /tmp, world-writable."
  type        = bool
  default     = false
  nullable    = false
}

variable "shared_redis" {
  description = "A Redis that all tasks share, and the variable in which the application finds its address; none when null. A Redis of each task is a sidecar."
  type = object({
    node_type      = string
    engine_version = optional(string, "7.1")
    replicas       = optional(number, 1)
    snapshot_days  = optional(number, 1)
    variable       = optional(string, "REDIS_URL")
  })
  default = null
}
