variable "name" {
  description = "Prefix of the alarms' names, and name of the dashboard."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the graphs."
  type        = string
  nullable    = false
}

variable "topic_arn" {
  description = "Topic that every alarm tells, when it rises and when it ends."
  type        = string
  nullable    = false
}

variable "cluster_name" {
  description = "Cluster of the service."
  type        = string
  nullable    = false
}

variable "service_name" {
  description = "Service that is watched."
  type        = string
  nullable    = false
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

variable "with_certificate" {
  description = "Whether there is a certificate whose expiry is watched."
  type        = bool
  nullable    = false
}

variable "certificate_arn" {
  description = "Certificate whose expiry is watched."
  type        = string
  default     = null
}

variable "web_acl_name" {
  description = "Web ACL whose blocked requests are drawn."
  type        = string
  default     = "none"
  nullable    = false
}

variable "metrics_namespace" {
  description = "Namespace of the metrics that the log filters and the pipeline's flows publish."
  type        = string
  nullable    = false
}

variable "log_metrics" {
  description = "Names of the metrics that the log filters make."
  type        = list(string)
  nullable    = false
}

variable "backup_age_metric" {
  description = "Name of the metric in which the backup flow publishes the newest verified backup's age in hours; null where there is no database to back up."
  type        = string
  default     = null
}

variable "thresholds" {
  description = "Limits of the alarms: server errors a minute, p95 latency, CPU and memory percent, running tasks, age of the newest backup, errors logged in five minutes, days left of the certificate."
  type = object({
    server_errors    = number
    latency_seconds  = number
    cpu_percent      = number
    memory_percent   = number
    running_tasks    = number
    backup_age_hours = number
    logged_errors    = number
    certificate_days = number
  })
  nullable = false

  validation {
    condition     = alltrue([for value in values(var.thresholds) : value > 0])
    error_message = "thresholds must all be above 0."
  }

  validation {
    condition     = var.thresholds.cpu_percent <= 100 && var.thresholds.memory_percent <= 100
    error_message = "thresholds.cpu_percent and thresholds.memory_percent must not exceed 100."
  }
}
