variable "autoscaling" {
  description = "Fewest and most tasks, the CPU and memory utilisation to hold in percent, and optionally requests a minute and task. A fixed number of tasks when null."
  type = object({
    min_capacity        = number
    max_capacity        = number
    cpu_threshold       = number
    memory_threshold    = number
    requests_per_target = optional(number)
  })
  default = null

  validation {
    condition     = var.autoscaling == null || try(var.autoscaling.max_capacity >= var.autoscaling.min_capacity, false)
    error_message = "autoscaling.max_capacity must not be below autoscaling.min_capacity."
  }

  validation {
    condition     = var.autoscaling == null || try(var.desired_count >= var.autoscaling.min_capacity && var.desired_count <= var.autoscaling.max_capacity, false)
    error_message = "desired_count (${var.desired_count}) must lie within autoscaling.min_capacity and autoscaling.max_capacity."
  }
}

variable "alarms" {
  description = "Limits of the alarms; no alarms and no dashboard when null."
  type = object({
    server_errors    = optional(number, 10)
    latency_seconds  = optional(number, 2)
    cpu_percent      = optional(number, 90)
    memory_percent   = optional(number, 90)
    running_tasks    = optional(number, 2)
    backup_age_hours = optional(number, 36)
    logged_errors    = optional(number, 10)
    certificate_days = optional(number, 21)
  })
  default = null
}

variable "alarms_roll_back" {
  description = "Whether alarms that a bad release raises at once make ECS roll the deployment back."
  type        = bool
  default     = true
  nullable    = false
}

variable "alert_emails" {
  description = "Addresses that alarms and events are sent to."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "event_rules" {
  description = "Whether stopped tasks, failed deployments, image scans and security-group changes are told to the alert topic."
  type        = bool
  default     = true
  nullable    = false
}

variable "alert_topic" {
  description = "Whether there is a topic for alerts; alarms and event rules need it."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.alert_topic || (var.alarms == null && !var.event_rules)
    error_message = "alert_topic must be on where alarms or event_rules are."
  }
}
