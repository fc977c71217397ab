variable "name" {
  description = "Name of the log group."
  type        = string
  nullable    = false
}

variable "retention_days" {
  description = "Days for which CloudWatch keeps the events."
  type        = number
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.retention_days)
    error_message = "retention_days must be one of the values that CloudWatch Logs knows, such as 30; it is ${var.retention_days}."
  }
}

variable "kms_key_arn" {
  description = "Key of the encryption at rest; the service's own when null."
  type        = string
  default     = null
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the metrics that the filters make."
  type        = string
  nullable    = false
}

variable "metric_filters" {
  description = "Patterns whose matches are counted, by metric name."
  type        = map(string)
  default     = {}
  nullable    = false
}
