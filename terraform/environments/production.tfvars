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
