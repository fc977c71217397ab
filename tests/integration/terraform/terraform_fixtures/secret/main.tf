# A secret whose value AWS makes; the tests copy the module beside it.
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

module "auth" {
  source = "./generated-secret"

  name          = "fixture/auth"
  description   = "Login of a server"
  prefix        = "prefect:"
  kms_key_arn   = "alias/aws/secretsmanager"
  recovery_days = 7
}

module "key" {
  source = "./generated-secret"

  name          = "fixture/key"
  description   = "Key of a server"
  base64        = true
  kms_key_arn   = "alias/aws/secretsmanager"
  recovery_days = 7
}
