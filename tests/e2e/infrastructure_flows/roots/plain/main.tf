# Resources without a provider: fast, and slow on demand.
terraform {
  backend "s3" {}
}

variable "value" {
  type    = string
  default = "one"
}

variable "seconds" {
  type    = number
  default = 0
}

variable "password" {
  type      = string
  default   = ""
  sensitive = true
}

resource "terraform_data" "first" {
  input = var.value
}

resource "terraform_data" "slow" {
  input            = var.seconds
  triggers_replace = var.seconds
  depends_on       = [terraform_data.first]

  provisioner "local-exec" {
    command = "sleep ${var.seconds}"
  }
}

resource "terraform_data" "last" {
  input      = var.password
  depends_on = [terraform_data.slow]
}

output "value" {
  value = terraform_data.first.output
}

output "password" {
  value     = var.password
  sensitive = true
}
