variable "cluster_name" {
  description = "Cluster of the service."
  type        = string
  nullable    = false
}

variable "service_name" {
  description = "Service whose desired count is moved."
  type        = string
  nullable    = false
}

variable "min_capacity" {
  description = "Fewest tasks."
  type        = number
  nullable    = false

  validation {
    condition     = var.min_capacity >= 1
    error_message = "min_capacity must be at least 1; it is ${var.min_capacity}."
  }
}

variable "max_capacity" {
  description = "Most tasks."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_capacity >= var.min_capacity
    error_message = "max_capacity must not be below min_capacity; it is ${var.max_capacity} with a minimum of ${var.min_capacity}."
  }
}

variable "cpu_threshold" {
  description = "Average CPU utilisation to hold, in percent."
  type        = number
  nullable    = false

  validation {
    condition     = var.cpu_threshold >= 10 && var.cpu_threshold <= 95
    error_message = "cpu_threshold must be 10 to 95 percent; it is ${var.cpu_threshold}."
  }
}

variable "memory_threshold" {
  description = "Average memory utilisation to hold, in percent."
  type        = number
  nullable    = false

  validation {
    condition     = var.memory_threshold >= 10 && var.memory_threshold <= 95
    error_message = "memory_threshold must be 10 to 95 percent; it is ${var.memory_threshold}."
  }
}

variable "requests_per_target" {
  description = "Requests a minute and task to hold; no such policy when null."
  type        = number
  default     = null
}

variable "load_balancer_arn_suffix" {
  description = "Load balancer as CloudWatch names it."
  type        = string
  nullable    = false
}

variable "target_group_arn_suffix" {
  description = "Target group as CloudWatch names it."
  type        = string
  nullable    = false
}
