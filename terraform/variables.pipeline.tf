# What the pipeline tells Terraform: these values live in deployments/environments.toml, and the
# deploy-infrastructure flow passes them in a private variables file.

variable "app" {
  description = "Name of the application; first part of every resource's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.app))
    error_message = "app must be lower-case letters, digits and dashes, begin with a letter and have at most 32 characters; it is \"${var.app}\"."
  }
}

variable "environment" {
  description = "Name of the environment within its application: local, staging, production."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.environment))
    error_message = "environment must be lower-case letters, digits and dashes; it is \"${var.environment}\"."
  }

  validation {
    condition     = length("${var.app}-${var.environment}") <= 32
    error_message = "APP-ENVIRONMENT must not exceed 32 characters, the longest name of a load balancer; it is \"${var.app}-${var.environment}\"."
  }
}

variable "region" {
  description = "AWS region of every resource."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must look like af-south-1; it is \"${var.region}\"."
  }
}

variable "account_id" {
  description = "Account that the credentials must belong to; unchecked when null."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be twelve digits."
  }
}

variable "domain" {
  description = "Public host name. When null the load balancer answers plain HTTP under its own name."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a lower-case host name such as stage.example.org."
  }
}

variable "health_path" {
  description = "Path that answers one of health_codes while the application is healthy."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^/[^\\s'\"]*$", var.health_path))
    error_message = "health_path must begin with a slash and hold neither blanks nor quotes."
  }
}

variable "health_codes" {
  description = "Statuses that mean healthy, as a target group's matcher has them: 200, 200-299, 200,204."
  type        = string
  default     = "200-299"
  nullable    = false

  validation {
    condition     = can(regex("^[2-4][0-9]{2}(-[2-4][0-9]{2})?(,[2-4][0-9]{2}(-[2-4][0-9]{2})?)*$", var.health_codes))
    error_message = "health_codes must be codes from 200 to 499, such as 200-299 or 200,204; it is \"${var.health_codes}\"."
  }
}

variable "container_port" {
  description = "TCP port on which the application's container listens."
  type        = number
  nullable    = false

  validation {
    condition     = var.container_port >= 1 && var.container_port <= 65535 && floor(var.container_port) == var.container_port
    error_message = "container_port must be a whole number from 1 to 65535."
  }
}

variable "cluster_name" {
  description = "Name of the ECS cluster."
  type        = string
  nullable    = false
}

variable "service_name" {
  description = "Name of the ECS service."
  type        = string
  nullable    = false
}

variable "repository_name" {
  description = "Name of the ECR repository."
  type        = string
  nullable    = false
}

variable "log_group_name" {
  description = "Log group of the application's containers."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.log_group_name, "/")
    error_message = "log_group_name must begin with a slash."
  }
}

variable "outputs_parameter" {
  description = "SSM parameter in which the outputs are handed to the flows."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.outputs_parameter, "/")
    error_message = "outputs_parameter must begin with a slash."
  }
}

variable "secret_name" {
  description = "Secrets Manager secret of the application; its value is written by the sync-secrets flow."
  type        = string
  nullable    = false
}

variable "secret_keys" {
  description = "Keys of the application's secret that become environment variables of the same name."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "container" {
  description = "The application's container; what is null is as the image says."
  type = object({
    command           = optional(list(string))
    entrypoint        = optional(list(string))
    working_directory = optional(string)
    user              = optional(string)
    depends_on        = optional(map(string), {})
    health_command    = optional(list(string))
  })
  default  = {}
  nullable = false
}

variable "data" {
  description = "Where the data volume is mounted, the SQLite databases on it (the main one first), and further volumes by name with their path."
  type = object({
    path      = optional(string, "/data")
    databases = optional(list(string), [])
    volumes   = optional(map(string), {})
  })
  default  = {}
  nullable = false
}

variable "sidecars" {
  description = "Containers beside the application's in every task, by name; they reach each other on localhost."
  type = map(object({
    image             = string
    command           = optional(list(string))
    entrypoint        = optional(list(string))
    user              = optional(string)
    working_directory = optional(string)
    essential         = optional(bool, false)
    variables         = optional(map(string), {})
    secret_keys       = optional(list(string), [])
    health_command    = optional(list(string))
    depends_on        = optional(map(string), {})
    data              = optional(string)
    readonly_root     = optional(bool, false)
  }))
  default  = {}
  nullable = false
}

variable "registry" {
  description = "host:port that replaces the ECR host in image URLs; null means ECR's own."
  type        = string
  default     = null
}

variable "data_host_path" {
  description = "Folder of the container host that is mounted as the data volume where there is no shared file system; null elsewhere."
  type        = string
  default     = null

  validation {
    condition     = var.data_host_path == null || try(startswith(var.data_host_path, "/"), false)
    error_message = "data_host_path must be an absolute path."
  }
}

variable "signing" {
  description = "Whether images are signed: with the KMS key of this ARN, or with a key of their own where it is null; not at all when the whole is null."
  type = object({
    key = optional(string)
  })
  default = null
}
