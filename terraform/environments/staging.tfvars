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
