variable "vpc_cidr" {
  description = "IPv4 range of the VPC, a /16 to /20."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(cidrhost(var.vpc_cidr, 0) == split("/", var.vpc_cidr)[0], false)
    error_message = "vpc_cidr must be an IPv4 network such as 10.20.0.0/16, without host bits; it is \"${var.vpc_cidr}\"."
  }
}

variable "zone_count" {
  description = "Number of availability zones, each with a public and a private subnet."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([2, 3, 4, 5, 6], var.zone_count)
    error_message = "zone_count must be 2 to 6; it is ${var.zone_count}."
  }
}

variable "single_nat_gateway" {
  description = "Whether all private subnets share one NAT gateway instead of having one per zone."
  type        = bool
  nullable    = false
}

variable "dns_hostnames" {
  description = "Whether the VPC gives DNS names to its hosts; endpoints and EFS need it."
  type        = bool
  default     = true
  nullable    = false
}
