variable "hosted_zone" {
  description = "Name of the public Route 53 zone that holds the domain; the domain's own when null."
  type        = string
  default     = null
}

variable "hosted_zone_id" {
  description = "Id of that zone, for an account with two of its name; looked up when null."
  type        = string
  default     = null
}

variable "new_hosted_zone" {
  description = "Whether the zone is made here; the domain must then be delegated to its name servers."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !(var.new_hosted_zone && var.hosted_zone_id != null)
    error_message = "new_hosted_zone makes a zone, and hosted_zone_id names one that exists: set one of them."
  }
}

variable "domain_points_here" {
  description = "Whether the domain is an alias of this load balancer; false while another stack answers under it."
  type        = bool
  default     = true
  nullable    = false
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
