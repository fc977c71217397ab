variable "name" {
  description = "Prefix of the names of everything in the network."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region, as it stands in the endpoints' service names."
  type        = string
  nullable    = false
}

variable "cidr" {
  description = "IPv4 range of the VPC, a /16 to /20."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(cidrhost(var.cidr, 0) == split("/", var.cidr)[0], false)
    error_message = "cidr must be an IPv4 network such as 10.20.0.0/16, without host bits; it is \"${var.cidr}\"."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "cidr must be a /16 to /20, so that it can be cut into sixteen subnets; it is \"${var.cidr}\"."
  }
}

variable "zone_count" {
  description = "Number of availability zones, each with a public and a private subnet."
  type        = number
  nullable    = false

  validation {
    condition     = contains([2, 3, 4, 5, 6], var.zone_count)
    error_message = "zone_count must be 2 to 6: a load balancer needs two zones; it is ${var.zone_count}."
  }
}

variable "single_nat_gateway" {
  description = "Whether all private subnets share one NAT gateway instead of having one per zone."
  type        = bool
  nullable    = false
}

variable "dns_hostnames" {
  description = "Whether the VPC gives DNS names to its hosts; interface endpoints with private DNS and EFS mounts need it."
  type        = bool
  nullable    = false
}

variable "interface_endpoints" {
  description = "AWS services with an interface endpoint in the private subnets, such as ecr.api; S3 has a gateway endpoint anyway."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.interface_endpoints) == 0 || var.dns_hostnames
    error_message = "interface_endpoints need dns_hostnames."
  }
}

variable "flow_log_days" {
  description = "Days for which flow logs are kept; 0 switches them off."
  type        = number
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the flow logs; the service's own when null."
  type        = string
  default     = null
}
