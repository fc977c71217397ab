variable "name" {
  description = "Name of the bucket; globally unique."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 63 lower-case letters, digits and dashes; it is \"${var.name}\"."
  }
}

variable "purpose" {
  description = "What the bucket holds, for its tag."
  type        = string
  nullable    = false
}

variable "force_destroy" {
  description = "Whether destroying the bucket also deletes what is in it."
  type        = bool
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts new objects; S3's own key (AES-256) when null."
  type        = string
  default     = null
}

variable "object_lock_days" {
  description = "Days for which no version may be deleted (governance mode); 0 switches Object Lock off."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.object_lock_days >= 0 && var.object_lock_days <= 3650
    error_message = "object_lock_days must be 0 to 3650; it is ${var.object_lock_days}."
  }
}

variable "lifecycle_rules" {
  description = "Days after which objects move to each cheaper storage class, after which they expire (null: never), and after which old versions go. No lifecycle when null."
  type = object({
    transitions     = map(number)
    expire_days     = optional(number)
    noncurrent_days = number
  })
  default = null

  validation {
    condition = var.lifecycle_rules == null || alltrue([
      for class in keys(try(var.lifecycle_rules.transitions, {})) :
      contains(["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"], class)
    ])
    error_message = "lifecycle_rules.transitions must be keyed by S3 storage classes."
  }

  validation {
    condition = var.lifecycle_rules == null || alltrue([
      for days in values(try(var.lifecycle_rules.transitions, {})) :
      days >= 30 && days < coalesce(try(var.lifecycle_rules.expire_days, null), 100000)
    ])
    error_message = "lifecycle_rules.transitions must be at least 30 days and less than expire_days."
  }
}

variable "service_writers" {
  description = "AWS services that may write below a prefix, on behalf of the given resource only; checks_acl also lets them read the bucket's ACL."
  type = list(object({
    sid        = string
    service    = string
    prefix     = string
    source_arn = string
    checks_acl = optional(bool, false)
  }))
  default  = []
  nullable = false
}

variable "refuse_plain_http" {
  description = "Whether requests without TLS are denied; an emulator answers on plain HTTP."
  type        = bool
  nullable    = false
}
