# Network
vpc_cidr           = "10.20.0.0/16"
single_nat_gateway = true # docs/adr/0003-single-nat-in-staging.md

# Load balancer
deletion_protection = false

# Service
task_cpu      = 512
task_memory   = 1024
desired_count = 2

# Data
log_retention_days = 30

# Guard
waf = {
  requests_per_5_minutes = 2000 # WhatsApp's webhooks come from few addresses

  # Messages with media may exceed this rule's 8 KB; Django limits bodies itself.
  counted_rules = { AWSManagedRulesCommonRuleSet = ["SizeRestrictions_BODY"] }
}
cloudtrail = false # production's trail records the whole account

# Auto scaling: the guide's figures
autoscaling = {
  min_capacity     = 2
  max_capacity     = 4
  cpu_threshold    = 80
  memory_threshold = 80
}

# Monitoring
alarms = {}
