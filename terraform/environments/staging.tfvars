# Network, see docs/adr/0003-single-nat-in-staging.md
vpc_cidr            = "10.20.0.0/16"
single_nat_gateway  = true
interface_endpoints = []

# Load balancer
deletion_protection = false
hosted_zone         = "mycredex.dev"

# Service
task_cpu      = 512
task_memory   = 1024
desired_count = 2

# Data
log_retention_days = 30

# Guard
waf = {
  requests_per_5_minutes = 2000 # WhatsApp's webhooks come from few addresses

  # Rules that read bodies count, as a chat message may hold markup, addresses or words of SQL, and media exceed
  # 8 KB; Django limits bodies itself. After a week of logs: take out what counted nothing.
  counted_rules = {
    AWSManagedRulesCommonRuleSet         = ["CrossSiteScripting_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "SizeRestrictions_BODY"]
    AWSManagedRulesKnownBadInputsRuleSet = ["JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"]
    AWSManagedRulesSQLiRuleSet           = ["SQLi_BODY", "SQLiExtendedPatterns_BODY"]
  }
}
cloudtrail = true # changes of security groups are only heard where a trail records them

# Auto scaling: the guide's figures
autoscaling = {
  min_capacity     = 2
  max_capacity     = 4
  cpu_threshold    = 80
  memory_threshold = 80
}

# Monitoring. Who is told: each address must confirm the mail that it gets from AWS.
# alert_emails = ["team@example.org"]
alarms = {}
