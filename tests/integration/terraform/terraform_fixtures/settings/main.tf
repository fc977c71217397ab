# Two settings on the real provider, the second after the first: an apply has a middle.
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
  region      = "af-south-1"
  max_retries = 2
}

resource "aws_ssm_parameter" "first" {
  name  = "/settings/first"
  type  = "String"
  value = "one"
}

resource "aws_ssm_parameter" "second" {
  name       = "/settings/second"
  type       = "String"
  value      = "two"
  depends_on = [aws_ssm_parameter.first]
}
