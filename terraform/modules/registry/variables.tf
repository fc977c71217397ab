variable "name" {
  description = "Name of the repository."
  type        = string
  nullable    = false
}

variable "force_delete" {
  description = "Whether destroying the repository also deletes its images."
  type        = bool
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the encryption at rest; ECR's own (AES-256) when null."
  type        = string
  default     = null
}

variable "untagged_days" {
  description = "Days after its push at which an untagged image goes."
  type        = number
  nullable    = false

  validation {
    condition     = var.untagged_days >= 30
    error_message = "untagged_days must be at least 30: a running image may have lost its tag; it is ${var.untagged_days}."
  }
}
