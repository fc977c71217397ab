variable "name" {
  description = "Name of the cluster."
  type        = string
  nullable    = false
}

variable "container_insights" {
  description = "Whether CloudWatch Container Insights collects per-task metrics; the task-count alarm needs them."
  type        = bool
  nullable    = false
}
