variable "name" {
  description = "Prefix of the security groups' names."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "VPC of the security groups."
  type        = string
  nullable    = false
}

variable "container_port" {
  description = "TCP port of the application in the tasks."
  type        = number
  nullable    = false
}

variable "public_ports" {
  description = "TCP ports on which the load balancer answers the world, by protocol name."
  type        = map(number)
  nullable    = false

  validation {
    condition     = alltrue([for port in values(var.public_ports) : contains([80, 443], port)])
    error_message = "public_ports may hold 80 and 443 only."
  }
}

variable "with_file_system" {
  description = "Whether there is a shared file system to let the tasks reach."
  type        = bool
  nullable    = false
}

variable "with_cache" {
  description = "Whether there is a shared Redis that the tasks reach."
  type        = bool
  nullable    = false
}
