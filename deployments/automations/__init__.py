"""Automations: what automations.yaml declares is written to the Prefect server."""
