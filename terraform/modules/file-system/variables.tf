variable "name" {
  description = "Name and creation token of the file system."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the encryption at rest; the account's EFS key when null."
  type        = string
  default     = null
}

variable "subnet_ids" {
  description = "Private subnets that get a mount target, one per zone."
  type        = list(string)
  nullable    = false
}

variable "security_group_id" {
  description = "Security group of the mount targets."
  type        = string
  nullable    = false
}

variable "user_id" {
  description = "User and group id that own every file, whoever mounts; the container's user."
  type        = number
  nullable    = false

  validation {
    condition     = var.user_id >= 1
    error_message = "user_id must not be root's."
  }
}

variable "task_role_arn" {
  description = "Role that may mount and write through the access point."
  type        = string
  nullable    = false
}
