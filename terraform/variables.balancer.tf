variable "hosted_zone_id" {
  description = "Existing Route 53 zone that holds the domain; when null a zone of its own is made for the domain, to be delegated to."
  type        = string
  default     = null
}

variable "health_check_interval" {
  description = "Seconds between two health checks of a target."
  type        = number
  default     = 15
  nullable    = false
}

variable "deregistration_delay" {
  description = "Seconds that a leaving target may finish its requests in."
  type        = number
  default     = 30
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the load balancer refuses to be deleted."
  type        = bool
  default     = false
  nullable    = false
}
