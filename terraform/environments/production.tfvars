# Network
vpc_cidr           = "10.30.0.0/16"
single_nat_gateway = false

# Load balancer
deletion_protection = true
hosted_zone         = "mycredex.app"

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

  # Rules that read bodies count, as a chat message may hold markup, addresses or words of SQL, and media exceed
  # 8 KB; Django limits bodies itself. After a week of logs: take out what counted nothing.
  counted_rules = {
    AWSManagedRulesCommonRuleSet         = ["CrossSiteScripting_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "SizeRestrictions_BODY"]
    AWSManagedRulesKnownBadInputsRuleSet = ["JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"]
    AWSManagedRulesSQLiRuleSet           = ["SQLi_BODY", "SQLiExtendedPatterns_BODY"]
  }
}
cloudtrail = true

# Auto scaling: the guide's figures
autoscaling = {
  min_capacity     = 2
  max_capacity     = 6
  cpu_threshold    = 75
  memory_threshold = 75
}

# Monitoring. Who is told: each address must confirm the mail that it gets from AWS.
# alert_emails = ["team@example.org"]
alarms = {
  server_errors   = 5
  latency_seconds = 1
}
