# Network
vpc_cidr           = "10.30.0.0/16"
single_nat_gateway = false

# Load balancer
deletion_protection = true

# Service
task_cpu      = 1024
task_memory   = 2048
desired_count = 2

# Data
log_retention_days = 30
backup_lock_days   = 0

# Guard
waf = {
  requests_per_5_minutes = 10000 # WhatsApp's webhooks come from few addresses

  # Messages with media may exceed this rule's 8 KB; Django limits bodies itself.
  counted_rules = { AWSManagedRulesCommonRuleSet = ["SizeRestrictions_BODY"] }
}
cloudtrail = true

# Auto scaling: the guide's figures
autoscaling = {
  min_capacity     = 2
  max_capacity     = 6
  cpu_threshold    = 75
  memory_threshold = 75
}

# Monitoring
alarms = {
  server_errors   = 5
  latency_seconds = 1
}
