# One thing that AWS makes once only by its name.
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
  region = "af-south-1"
}

variable "name" {
  type = string
}

resource "aws_ssm_parameter" "setting" {
  name  = var.name
  type  = "String"
  value = "made"
}
