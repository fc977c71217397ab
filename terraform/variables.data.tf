variable "log_retention_days" {
  description = "Days for which CloudWatch keeps the containers' logs."
  type        = number
  default     = 30
  nullable    = false
}

variable "force_destroy" {
  description = "Whether destroying buckets and the repository also deletes what is in them, and secrets at once."
  type        = bool
  default     = false
  nullable    = false
}

variable "refuse_plain_http" {
  description = "Whether buckets deny requests without TLS; an emulator answers on plain HTTP."
  type        = bool
  default     = true
  nullable    = false
}

variable "bucket_lifecycle" {
  description = "Whether buckets move old objects to cheaper classes and expire them."
  type        = bool
  default     = true
  nullable    = false
}

variable "backup_lock_days" {
  description = "Days for which no version of a backup or of an archived log may be deleted; 0 switches Object Lock off."
  type        = number
  default     = 0
  nullable    = false
}

variable "access_logs" {
  description = "Whether the load balancer writes access logs."
  type        = bool
  default     = true
  nullable    = false
}
