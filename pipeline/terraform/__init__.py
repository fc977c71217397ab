"""Terraform: run through python-terraform, told as events, read as plans."""
