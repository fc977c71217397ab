variable "name" {
  description = "Prefix of the topic's name."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "Account whose alarms may publish."
  type        = string
  nullable    = false
}

variable "emails" {
  description = "Addresses that are told."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "emails must be e-mail addresses."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the messages; unencrypted when null, as alarms cannot use the service's own key."
  type        = string
  default     = null
}
