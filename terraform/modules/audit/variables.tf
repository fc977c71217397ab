variable "name" {
  description = "Name of the trail."
  type        = string
  nullable    = false
}

variable "partition" {
  description = "AWS partition, such as aws."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Home region of the trail."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "Account of the trail, part of its bucket's name."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the trail; S3's own when null."
  type        = string
  default     = null
}

variable "watched_bucket_arns" {
  description = "Buckets whose every object access is recorded."
  type        = list(string)
  nullable    = false
}

variable "force_destroy" {
  description = "Whether destroying the bucket also deletes the records in it."
  type        = bool
  nullable    = false
}

variable "refuse_plain_http" {
  description = "Whether the bucket denies requests without TLS."
  type        = bool
  nullable    = false
}

variable "bucket_lifecycle" {
  description = "Whether records move to cheaper classes and expire after two years."
  type        = bool
  nullable    = false
}
