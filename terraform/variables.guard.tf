variable "own_key" {
  description = "Whether a KMS key of the application's own encrypts logs, images, secrets, alerts, files and buckets, instead of AWS's."
  type        = bool
  default     = true
  nullable    = false
}

variable "interface_endpoints" {
  description = "AWS services with an interface endpoint, paid by hour and zone; S3 has a free one anyway."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
  nullable    = false
}

variable "flow_log_days" {
  description = "Days for which the VPC's flow logs are kept; 0 switches them off."
  type        = number
  default     = 30
  nullable    = false
}

variable "waf" {
  description = "Web firewall: requests per address in five minutes, days its logs are kept (0: none), and managed rules that only count, by group. None when null."
  type = object({
    requests_per_5_minutes = number
    log_days               = optional(number, 30)
    counted_rules          = optional(map(list(string)), {})
  })
  default = null
}

variable "cloudtrail" {
  description = "Whether to make a trail; not needed where the account has one already, as that feeds EventBridge too."
  type        = bool
  default     = false
  nullable    = false
}

variable "worker_principals" {
  description = "ARNs of the identities that may become the pipeline's worker; when empty, whoever this account's own policies let."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "ci" {
  description = "OIDC issuer of the CI provider (host, no https://), the subjects it may come as, and whether the account still lacks the provider; no CI role when null."
  type = object({
    issuer          = string
    subjects        = list(string)
    create_provider = optional(bool, false)
  })
  default = null
}
