"""Flows: each reads like the steps of a runbook."""
