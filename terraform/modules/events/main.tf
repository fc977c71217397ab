locals {
  # Of a stopped task. Not its overrides: the variables of a database job hold a URL that reads its orders.
  told = ["taskArn", "taskDefinitionArn", "group", "stopCode", "stoppedReason", "containers"]

  rules = {
    stopped-tasks = {
      description = "A task of the service failed to start, or its container ended with an error"
      pattern = {
        source      = ["aws.ecs"]
        detail-type = ["ECS Task State Change"]
        detail = {
          clusterArn = [var.cluster_arn]
          lastStatus = ["STOPPED"]
          "$or" = [
            { stopCode = ["TaskFailedToStart"] },
            { stopCode = ["EssentialContainerExited"], containers = { exitCode = [{ anything-but = [0] }] } },
          ]
        }
      }
    }

    failed-deployments = {
      description = "A deployment of the service failed, whether or not ECS rolled it back"
      pattern = {
        source      = ["aws.ecs"]
        detail-type = ["ECS Deployment State Change"]
        resources   = [{ prefix = "${replace(var.cluster_arn, ":cluster/", ":service/")}/" }]
        detail      = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
      }
    }

    image-scans = {
      description = "A scan of a pushed image found critical or high vulnerabilities"
      pattern = {
        source      = ["aws.ecr"]
        detail-type = ["ECR Image Scan"]
        detail = {
          repository-name = [var.repository_name]
          "$or" = [
            { finding-severity-counts = { CRITICAL = [{ numeric = [">", 0] }] } },
            { finding-severity-counts = { HIGH = [{ numeric = [">", 0] }] } },
          ]
        }
      }
    }

    # Where the registry scans with Inspector, ECR sends no event of its own.
    enhanced-image-scans = {
      description = "Amazon Inspector found critical or high vulnerabilities in a pushed image"
      pattern = {
        source      = ["aws.inspector2"]
        detail-type = ["Inspector2 Scan"]
        detail = {
          repository-name = [{ suffix = ":repository/${var.repository_name}" }]
          "$or" = [
            { finding-severity-counts = { CRITICAL = [{ numeric = [">", 0] }] } },
            { finding-severity-counts = { HIGH = [{ numeric = [">", 0] }] } },
          ]
        }
      }
    }

    # The whole account: a rule opened in another VPC is worth knowing too. Needs a trail.
    security-groups = {
      description = "Somebody changed a security group"
      pattern = {
        source      = ["aws.ec2"]
        detail-type = ["AWS API Call via CloudTrail"]
        detail = {
          eventSource = ["ec2.amazonaws.com"]
          eventName = [
            "AuthorizeSecurityGroupEgress",
            "AuthorizeSecurityGroupIngress",
            "CreateSecurityGroup",
            "DeleteSecurityGroup",
            "ModifySecurityGroupRules",
            "RevokeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
          ]
        }
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "topic" {
  for_each = local.rules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "alerts"
  arn       = var.topic_arn

  dynamic "input_transformer" {
    for_each = each.key == "stopped-tasks" ? [local.told] : []

    content {
      input_paths    = { for name in input_transformer.value : name => "$.detail.${name}" }
      input_template = "{${join(", ", [for name in input_transformer.value : "\"${name}\": <${name}>"])}}"
    }
  }
}
