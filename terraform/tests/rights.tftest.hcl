# The roles' policies as AWS would hold them, for tests/terraform/planned.py: ARNs of an environment's own, in
# which @environment@ stands for its name, as a test file knows no variables here.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

override_resource {
  target          = module.encryption[0].aws_kms_key.this
  override_during = plan
  values          = { arn = "arn:aws:kms:af-south-1:123456789012:key/@environment@" }
}

override_resource {
  target          = module.signing[0].aws_kms_key.this
  override_during = plan
  values          = { arn = "arn:aws:kms:af-south-1:123456789012:key/signing-@environment@" }
}

override_resource {
  target          = module.registry.aws_ecr_repository.this
  override_during = plan
  values = {
    arn            = "arn:aws:ecr:af-south-1:123456789012:repository/vimbiso-pay-@environment@"
    repository_url = "123456789012.dkr.ecr.af-south-1.amazonaws.com/vimbiso-pay-@environment@"
  }
}

override_resource {
  target          = module.logs.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:af-south-1:123456789012:log-group:/ecs/vimbiso-pay-@environment@" }
}

override_resource {
  target          = module.network.aws_cloudwatch_log_group.flow
  override_during = plan
  values          = { arn = "arn:aws:logs:af-south-1:123456789012:log-group:/vpc/vimbiso-pay-@environment@" }
}

override_resource {
  target          = module.network.aws_vpc.this
  override_during = plan
  values          = { owner_id = "123456789012" }
}

override_resource {
  target          = module.secret.aws_secretsmanager_secret.this
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:af-south-1:123456789012:secret:vimbiso-pay/@environment@/app-AbCdEf" }
}

override_resource {
  target          = module.roles.aws_secretsmanager_secret.webhook
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:af-south-1:123456789012:secret:vimbiso-pay/@environment@/webhook-AbCdEf" }
}

override_resource {
  target          = module.backup_bucket.aws_s3_bucket.this
  override_during = plan
  values          = { arn = "arn:aws:s3:::vimbiso-pay-@environment@-backups-123456789012" }
}

override_resource {
  target          = module.log_archive_bucket.aws_s3_bucket.this
  override_during = plan
  values          = { arn = "arn:aws:s3:::vimbiso-pay-@environment@-log-archive-123456789012" }
}

override_resource {
  target          = module.roles.aws_iam_role.execution
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/vimbiso-pay-@environment@-execution" }
}

override_resource {
  target          = module.roles.aws_iam_role.task
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/vimbiso-pay-@environment@-task" }
}

override_resource {
  target          = module.file_system[0].aws_efs_file_system.this
  override_during = plan
  values = {
    id  = "fs-@environment@"
    arn = "arn:aws:elasticfilesystem:af-south-1:123456789012:file-system/fs-@environment@"
  }
}

override_resource {
  target          = module.file_system[0].aws_efs_access_point.this
  override_during = plan
  values = {
    id  = "fsap-@environment@"
    arn = "arn:aws:elasticfilesystem:af-south-1:123456789012:access-point/fsap-@environment@"
  }
}

run "rights" {
  command = plan

  expect_failures = [check.alerts_reach_somebody]

  variables {
    signing = {}

    ci = {
      issuer          = "token.actions.githubusercontent.com"
      subjects        = ["repo:vimbiso/vimbiso-pay:ref:refs/heads/stage"]
      create_provider = true
    }
  }
}
