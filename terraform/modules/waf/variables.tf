variable "name" {
  description = "Name of the web ACL."
  type        = string
  nullable    = false
}

variable "load_balancer_arn" {
  description = "Load balancer that the web ACL stands before."
  type        = string
  nullable    = false
}

variable "requests_per_5_minutes" {
  description = "Requests that one address may send in five minutes before it is blocked."
  type        = number
  nullable    = false

  validation {
    condition     = var.requests_per_5_minutes >= 100 && var.requests_per_5_minutes <= 2000000
    error_message = "requests_per_5_minutes must be 100 to 2,000,000; it is ${var.requests_per_5_minutes}."
  }
}

variable "counted_rules" {
  description = "Rules of a managed group that only count instead of blocking, by group."
  type        = map(list(string))
  nullable    = false
}

variable "log_days" {
  description = "Days for which the web ACL's logs are kept; 0 switches them off."
  type        = number
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the logs; the service's own when null."
  type        = string
  default     = null
}
