variable "domain" {
  description = "Host name of the certificate and of the alias record."
  type        = string
  nullable    = false
}

variable "hosted_zone" {
  description = "Name of the public Route 53 zone that holds the domain; the domain's own when null."
  type        = string
  default     = null
}

variable "hosted_zone_id" {
  description = "Id of that zone; looked up by its name when null."
  type        = string
  default     = null
}

variable "new_hosted_zone" {
  description = "Whether that zone is made instead of looked up."
  type        = bool
  nullable    = false
}

variable "domain_points_here" {
  description = "Whether the domain is an alias of the load balancer; false while another stack answers under it."
  type        = bool
  nullable    = false
}

variable "load_balancer_dns" {
  description = "DNS name of the load balancer that the domain points at."
  type        = string
  nullable    = false
}

variable "load_balancer_zone_id" {
  description = "Route 53 zone of the load balancer's DNS name."
  type        = string
  nullable    = false
}
