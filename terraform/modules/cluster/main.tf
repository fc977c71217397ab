resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:a variable, on in staging and production
  name = var.name

  setting {
    name  = "containerInsights"
    value = var.container_insights ? "enabled" : "disabled"
  }

  tags = { Name = var.name }
}
