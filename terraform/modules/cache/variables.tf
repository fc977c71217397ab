variable "name" {
  description = "Name of the replication group."
  type        = string
  nullable    = false
}

variable "engine_version" {
  description = "Version of Redis."
  type        = string
  nullable    = false
}

variable "node_type" {
  description = "Size of each node."
  type        = string
  nullable    = false
}

variable "replicas" {
  description = "Copies beside the primary, in other zones; one of them takes over when the primary fails."
  type        = number
  nullable    = false

  validation {
    condition     = var.replicas >= 0 && var.replicas <= 5
    error_message = "replicas must be 0 to 5; it is ${var.replicas}."
  }
}

variable "snapshot_days" {
  description = "Days for which daily snapshots are kept; none when 0."
  type        = number
  nullable    = false
}

variable "subnet_ids" {
  description = "Private subnets of the nodes."
  type        = list(string)
  nullable    = false
}

variable "security_group_id" {
  description = "Security group of the nodes."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the encryption at rest; the service's own when null."
  type        = string
  default     = null
}
