# Everything on one machine, on an emulator: what costs minutes or does not exist there is switched off.
# docs/adr/0004-how-local-differs.md has the list and the reasons.

# Provider
max_retries       = 3
s3_use_path_style = true

# Network
vpc_cidr           = "10.11.0.0/16"
single_nat_gateway = true
dns_hostnames      = false

# Load balancer
health_check_interval = 5
deregistration_delay  = 5
access_logs           = false

# Service
task_cpu           = 256
task_memory        = 512
desired_count      = 2
start_period       = 15
stop_timeout       = 10
container_insights = false

# Data
log_retention_days = 30
force_destroy      = true
refuse_plain_http  = false
bucket_lifecycle   = false

# Guard
own_key             = false
interface_endpoints = []
flow_log_days       = 0

# Monitoring
event_rules = false
alert_topic = false
