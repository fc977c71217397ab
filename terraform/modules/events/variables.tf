variable "name" {
  description = "Prefix of the rules' names."
  type        = string
  nullable    = false
}

variable "topic_arn" {
  description = "Topic that every rule tells."
  type        = string
  nullable    = false
}

variable "cluster_arn" {
  description = "Cluster whose tasks and deployments are watched."
  type        = string
  nullable    = false
}

variable "repository_name" {
  description = "Repository whose image scans are watched."
  type        = string
  nullable    = false
}
