variable "name" {
  description = "Beginning of the key's alias."
  type        = string
  nullable    = false
}

variable "partition" {
  description = "AWS partition, such as aws."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "Account that owns the key."
  type        = string
  nullable    = false
}
