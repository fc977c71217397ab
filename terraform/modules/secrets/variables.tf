variable "name" {
  description = "Name of the secret."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the encryption at rest; the account's Secrets Manager key when null."
  type        = string
  default     = null
}

variable "recovery_days" {
  description = "Days in which a deleted secret can be brought back; 0 deletes at once."
  type        = number
  nullable    = false

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "recovery_days must be 0 or 7 to 30; it is ${var.recovery_days}."
  }
}
