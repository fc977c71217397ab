variable "max_retries" {
  description = "How often the AWS provider repeats a failed call."
  type        = number
  default     = 25
  nullable    = false
}

variable "s3_use_path_style" {
  description = "Whether buckets are addressed by path instead of by host name, as emulators want."
  type        = bool
  default     = false
  nullable    = false
}
