variable "name" {
  description = "Name of the load balancer and of its target group."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name) <= 32
    error_message = "name must not exceed 32 characters; it is \"${var.name}\"."
  }
}

variable "vpc_id" {
  description = "VPC of the targets."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Public subnets, in at least two zones."
  type        = list(string)
  nullable    = false
}

variable "security_group_id" {
  description = "Security group of the load balancer."
  type        = string
  nullable    = false
}

variable "container_port" {
  description = "TCP port of the targets."
  type        = number
  nullable    = false
}

variable "health_path" {
  description = "Path of the health check."
  type        = string
  nullable    = false
}

variable "health_codes" {
  description = "Statuses that mean healthy: 200, 200-299, 200,204."
  type        = string
  nullable    = false
}

variable "health_check_interval" {
  description = "Seconds between two health checks of a target."
  type        = number
  nullable    = false

  validation {
    condition     = var.health_check_interval >= 5 && var.health_check_interval <= 300
    error_message = "health_check_interval must be 5 to 300 seconds; it is ${var.health_check_interval}."
  }
}

variable "deregistration_delay" {
  description = "Seconds that a leaving target may finish its requests in."
  type        = number
  nullable    = false

  validation {
    condition     = var.deregistration_delay >= 0 && var.deregistration_delay <= 120
    error_message = "deregistration_delay must be 0 to 120 seconds, or a rollout takes too long; it is ${var.deregistration_delay}."
  }
}

variable "deletion_protection" {
  description = "Whether the load balancer refuses to be deleted."
  type        = bool
  nullable    = false
}

variable "access_log_bucket" {
  description = "Bucket of the access logs; none are written when null."
  type        = string
  default     = null
}

variable "with_https" {
  description = "Whether HTTPS is served, and plain HTTP only redirects to it."
  type        = bool
  nullable    = false
}

variable "domain" {
  description = "Host name that HTTPS requests must ask for."
  type        = string
  default     = null
}

variable "certificate_arn" {
  description = "Certificate of the HTTPS listener."
  type        = string
  default     = null
}
