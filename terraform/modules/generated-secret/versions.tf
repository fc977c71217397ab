terraform {
  required_version = ">= 1.11" # write-only values

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}
