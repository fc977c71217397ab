"""The webhook receiver: signed pushes and calls start deployments."""
