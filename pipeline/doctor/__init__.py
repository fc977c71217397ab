"""Asks what only the account knows, before Terraform makes anything there."""
