variable "name" {
  description = "Prefix of the roles' names."
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

variable "signing_key_arn" {
  description = "Key that the worker signs images with; null where it signs none."
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

variable "tags" {
  description = "Tags that tell this environment's resources from all others of the account."
  type        = map(string)
  nullable    = false
}

variable "with_exec" {
  description = "Whether ECS Exec may open a shell in a task."
  type        = bool
  nullable    = false
}

variable "cluster_name" {
  description = "Cluster that the worker may run tasks in."
  type        = string
  nullable    = false
}

variable "service_name" {
  description = "Service that the worker may update."
  type        = string
  nullable    = false
}

variable "outputs_parameter_arn" {
  description = "SSM parameter of Terraform's outputs."
  type        = string
  nullable    = false
}

variable "backup_bucket_arn" {
  description = "Bucket of backups and release records."
  type        = string
  nullable    = false
}

variable "log_archive_bucket_arn" {
  description = "Bucket of archived logs."
  type        = string
  nullable    = false
}

variable "state_bucket_arn" {
  description = "Bucket of Terraform's state, whose copies the worker may count."
  type        = string
  nullable    = false
}

variable "metrics_namespace" {
  description = "The only CloudWatch namespace that the worker may publish in."
  type        = string
  nullable    = false
}

variable "worker_principals" {
  description = "ARNs of the identities that may become the worker; when empty, whoever this account's own policies let."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.worker_principals : startswith(arn, "arn:")])
    error_message = "worker_principals must be ARNs."
  }
}

variable "ci" {
  description = "OIDC issuer of the CI provider (host, no https://), the subjects it may come as, and whether the account still lacks the provider; no CI role when null."
  type = object({
    issuer          = string
    subjects        = list(string)
    create_provider = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.ci == null || alltrue([for subject in try(var.ci.subjects, []) : !strcontains(subject, "*")]) && try(length(var.ci.subjects), 0) > 0
    error_message = "ci.subjects must name at least one subject, without a *."
  }
}

variable "secret_prefix" {
  description = "Path below which the webhook's secret is named."
  type        = string
  nullable    = false
}

variable "recovery_days" {
  description = "Days in which a deleted secret can be brought back; 0 deletes at once."
  type        = number
  nullable    = false
}
