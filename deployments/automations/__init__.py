"""What is watched, and told to people: automations.yaml, written to the Prefect server."""
