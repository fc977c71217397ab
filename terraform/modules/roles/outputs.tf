output "execution_role_arn" {
  description = "Role of the ECS agent."
  value       = aws_iam_role.execution.arn
}

output "task_role_arn" {
  description = "Role of the application."
  value       = aws_iam_role.task.arn

  # A task that starts before its policies are in place fails for lack of rights.
  depends_on = [aws_iam_role_policy.task, aws_iam_role_policy.execution]
}

output "execution_statements" {
  description = "Policy statements of the execution role."
  value       = local.execution_statements
}

output "task_statements" {
  description = "Policy statements of the task role."
  value       = local.task_statements
}

output "worker_role_arn" {
  description = "Role of the pipeline's worker."
  value       = aws_iam_role.worker.arn
}

output "ci_role_arn" {
  description = "Role of CI; null without one."
  value       = one(aws_iam_role.ci[*].arn)
}

output "worker_statements" {
  description = "Policy statements of the worker's role."
  value       = local.worker_statements
}

output "ci_statements" {
  description = "Policy statements of the CI role."
  value       = local.ci_statements
}

output "ci_trust" {
  description = "Who may become the CI role."
  value       = local.ci_trust
}

output "trusted_services" {
  description = "Who may become the execution and the task role."
  value       = jsondecode(local.tasks_may_assume).Statement[0].Principal
}
