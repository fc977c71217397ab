# Resources that change how others read: none of it is anybody's doing.
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

resource "aws_s3_bucket" "data" {
  bucket = "terraform-fixture-siblings"
}

resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_security_group" "tasks" {
  name        = "fixture-siblings"
  description = "Rules of its own"
}

resource "aws_vpc_security_group_ingress_rule" "web" {
  security_group_id = aws_security_group.tasks.id
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
}

resource "aws_ssm_parameter" "release" {
  name        = "/fixture/siblings"
  type        = "String"
  value       = "1"
  description = "Somebody else writes its value"

  lifecycle {
    ignore_changes = [value]
  }
}
