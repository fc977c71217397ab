# What AWS would answer: known when planning, so that wiring between modules can be asserted.

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_availability_zones" {
  defaults = { names = ["af-south-1a", "af-south-1b", "af-south-1c"] }
}

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:af-south-1:123456789012:key/own" }
}

mock_resource "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:af-south-1:123456789012:repository/mocked"
    repository_url = "123456789012.dkr.ecr.af-south-1.amazonaws.com/mocked"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:af-south-1:123456789012:log-group:mocked" }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = { arn = "arn:aws:secretsmanager:af-south-1:123456789012:secret:mocked" }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:af-south-1:123456789012:alerts" }
}

mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:af-south-1:123456789012:loadbalancer/app/mocked/1"
    arn_suffix = "app/mocked/1"
    dns_name   = "mocked.af-south-1.elb.amazonaws.com"
    zone_id    = "Z268VQBMOI5EKX"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:af-south-1:123456789012:targetgroup/mocked/1"
    arn_suffix = "targetgroup/mocked/1"
  }
}

mock_resource "aws_lb_listener" {
  defaults = { arn = "arn:aws:elasticloadbalancing:af-south-1:123456789012:listener/app/mocked/1/1" }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:af-south-1:123456789012:certificate/mocked"
    domain_validation_options = [
      { domain_name = "stage.mycredex.dev", resource_record_name = "_v.stage.mycredex.dev.", resource_record_type = "CNAME", resource_record_value = "_v.acm-validations.aws." },
      { domain_name = "mycredex.app", resource_record_name = "_v.mycredex.app.", resource_record_type = "CNAME", resource_record_value = "_v.acm-validations.aws." },
    ]
  }
}

mock_resource "aws_acm_certificate_validation" {
  defaults = { certificate_arn = "arn:aws:acm:af-south-1:123456789012:certificate/mocked" }
}

mock_resource "aws_ecs_cluster" {
  defaults = { arn = "arn:aws:ecs:af-south-1:123456789012:cluster/mocked" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
}

mock_resource "aws_iam_openid_connect_provider" {
  defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/mocked" }
}

mock_resource "aws_wafv2_web_acl" {
  defaults = { arn = "arn:aws:wafv2:af-south-1:123456789012:regional/webacl/mocked/1" }
}

mock_resource "aws_efs_file_system" {
  defaults = {
    id  = "fs-mocked"
    arn = "arn:aws:elasticfilesystem:af-south-1:123456789012:file-system/fs-mocked"
  }
}

mock_resource "aws_efs_access_point" {
  defaults = {
    id  = "fsap-mocked"
    arn = "arn:aws:elasticfilesystem:af-south-1:123456789012:access-point/fsap-mocked"
  }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::mocked" }
}

mock_resource "aws_cloudtrail" {
  defaults = { arn = "arn:aws:cloudtrail:af-south-1:123456789012:trail/mocked" }
}

mock_resource "aws_subnet" {
  defaults = { id = "subnet-mocked" }
}

mock_resource "aws_ecs_task_definition" {
  defaults = { arn = "arn:aws:ecs:af-south-1:123456789012:task-definition/mocked:1" }
}

mock_resource "aws_elasticache_replication_group" {
  defaults = {
    primary_endpoint_address = "primary.cache.test"
  }
}
