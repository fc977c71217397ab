variable "name" {
  description = "Name of the secret."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the value is for."
  type        = string
  nullable    = false
}

variable "prefix" {
  description = "What stands before the generated password, such as a user's name and a colon."
  type        = string
  default     = ""
  nullable    = false
}

variable "base64" {
  description = "Whether the value is the password in base64, as Fernet keys are."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the secret."
  type        = string
  nullable    = false
}

variable "recovery_days" {
  description = "Days in which a deleted secret can be brought back."
  type        = number
  nullable    = false
}
