variable "name" {
  description = "Prefix of the roles' names, and the Name tag of the file system."
  type        = string
  nullable    = false
}

variable "partition" {
  description = "AWS partition, such as aws."
  type        = string
  nullable    = false
}

variable "region" {
  description = "AWS region."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "AWS account."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that everything is encrypted with; null where AWS's own keys do it."
  type        = string
  default     = null
}

variable "repository_arn" {
  description = "ECR repository."
  type        = string
  nullable    = false
}

variable "log_group_arn" {
  description = "Log group of the containers."
  type        = string
  nullable    = false
}

variable "secret_arn" {
  description = "Secret of the application."
  type        = string
  nullable    = false
}

variable "with_file_system" {
  description = "Whether the tasks mount a shared file system."
  type        = bool
  nullable    = false
}

variable "with_exec" {
  description = "Whether ECS Exec may open a shell in a task."
  type        = bool
  nullable    = false
}
