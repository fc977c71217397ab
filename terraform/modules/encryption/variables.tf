variable "name" {
  description = "Alias of the key."
  type        = string
  nullable    = false
}

variable "partition" {
  description = "AWS partition, such as aws."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the log groups that use the key."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "Account that owns the key."
  type        = string
  nullable    = false
}
