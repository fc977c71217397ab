variable "name" {
  description = "Name of the platform; first part of every resource's name."
  type        = string
  default     = "prefect"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must be 2 to 20 lower-case letters, digits and dashes; it is \"${var.name}\"."
  }
}

variable "region" {
  description = "AWS region of every resource."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "Account that the credentials must belong to; unchecked when null."
  type        = string
  default     = null
}

variable "vpc_cidr" {
  description = "IPv4 range of the platform's own VPC, a /16 to /20."
  type        = string
  nullable    = false
}

variable "single_nat_gateway" {
  description = "Whether both private subnets share one NAT gateway instead of having one per zone."
  type        = bool
  default     = true
  nullable    = false
}

variable "interface_endpoints" {
  description = "AWS services with an interface endpoint in the private subnets, each paid by hour and zone; S3 has a free one anyway."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "client_cidrs" {
  description = "IPv4 ranges that may reach the server through the internal load balancer, such as a VPN's."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.client_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "client_cidrs must be IPv4 ranges, and not the whole world."
  }
}

variable "domain" {
  description = "Host name of the server, as the certificate has it."
  type        = string
  nullable    = false
}

variable "certificate_arn" {
  description = "ACM certificate of the load balancer, for the domain."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:acm:", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of an ACM certificate."
  }
}

variable "zone_id" {
  description = "Route 53 zone in which the domain is made an alias of the load balancer; made by somebody else when null."
  type        = string
  default     = null
}

variable "image" {
  description = "The pipeline's own image (deployments/image), pinned by digest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be pinned by digest (REPOSITORY@sha256:...); it is \"${var.image}\"."
  }
}

variable "repository_arn" {
  description = "ECR repository of the image."
  type        = string
  nullable    = false
}

variable "auth_secret_arn" {
  description = "Secret that holds USER:PASSWORD already, of a server that ran before; made, with a password, when null."
  type        = string
  default     = null
}

variable "encryption_secret_arn" {
  description = "Secret that holds the key of such a server's blocks; made, with a key, when null."
  type        = string
  default     = null
}

variable "server_count" {
  description = "Number of server tasks; more than one needs background services of their own."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.server_count >= 1 && (var.split_services || var.server_count == 1)
    error_message = "server_count must be 1 unless split_services is on, or each server would schedule every run; it is ${var.server_count}."
  }
}

variable "split_services" {
  description = "Whether scheduler, automations and the other background services run in a task of their own."
  type        = bool
  default     = true
  nullable    = false
}

variable "server_size" {
  description = "CPU units and MiB of memory of a server task."
  type        = object({ cpu = number, memory = number })
  default     = { cpu = 1024, memory = 2048 }
  nullable    = false
}

variable "workers" {
  description = "ECS workers: the work pool that each polls, by name."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.workers) : can(regex("^[a-z][a-z0-9-]{0,30}$", name))])
    error_message = "workers must be keyed by short lower-case names, such as an environment's."
  }
}

variable "flow_role_arns" {
  description = "Roles that flow runs may become, such as each environment's worker role."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "database" {
  description = "Class, GiB, days of backups, whether there is a standby, and days between two changes of the password."
  type = object({
    instance_class = optional(string, "db.t4g.small")
    storage        = optional(number, 20)
    max_storage    = optional(number, 100)
    backup_days    = optional(number, 14)
    multi_az       = optional(bool, true)
    password_days  = optional(number, 90)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.database.backup_days >= 7 && var.database.backup_days <= 35
    error_message = "database.backup_days must be 7 to 35; it is ${var.database.backup_days}."
  }
}

variable "redis_node_type" {
  description = "Node type of the message broker, which has a primary and a replica."
  type        = string
  default     = "cache.t4g.small"
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which logs and flow logs are kept."
  type        = number
  default     = 30
  nullable    = false
}

variable "alert_emails" {
  description = "Addresses that alarms are sent to."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether database and load balancer refuse to be deleted."
  type        = bool
  default     = true
  nullable    = false
}
