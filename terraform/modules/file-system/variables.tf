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

variable "owner" {
  description = "User and group id that own every file, whoever mounts; the container's user."
  type        = object({ uid = number, gid = number })
  nullable    = false

  validation {
    condition     = var.owner.uid >= 1
    error_message = "owner must not be root."
  }
}

variable "volumes" {
  description = "Names of the volumes; each is a folder and an access point of its own."
  type        = list(string)
  nullable    = false
}

variable "task_role_arn" {
  description = "Role that may mount and write through the access point."
  type        = string
  nullable    = false
}
