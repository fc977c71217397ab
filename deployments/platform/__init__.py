"""The Prefect server and its company past one machine: how its containers start."""
