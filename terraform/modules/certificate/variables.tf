variable "domain" {
  description = "Host name of the certificate and of the alias record."
  type        = string
  nullable    = false
}

variable "hosted_zone_id" {
  description = "Existing Route 53 zone that holds the domain; when null a zone of its own is made for the domain."
  type        = string
  default     = null
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
