"""What happens, in order: each flow reads like the steps of a runbook."""
