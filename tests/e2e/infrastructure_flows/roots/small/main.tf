# One setting and one bucket: enough to plan, drift, guard and destroy on the real provider.
terraform {
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region            = "af-south-1"
  max_retries       = 2
  s3_use_path_style = true
}

variable "value" {
  type = string
}

variable "bucket" {
  type    = string
  default = "terraform-fixture-data"
}

variable "password" {
  type      = string
  sensitive = true
}

resource "aws_ssm_parameter" "setting" {
  name        = "/fixture/setting"
  type        = "String"
  value       = "unchanged"
  description = var.value
}

resource "aws_ssm_parameter" "password" {
  name  = "/fixture/password"
  type  = "SecureString"
  value = var.password
}

resource "aws_s3_bucket" "data" {
  bucket = var.bucket
}

output "value" {
  value = aws_ssm_parameter.setting.description
}

output "password" {
  value     = var.password
  sensitive = true
}
