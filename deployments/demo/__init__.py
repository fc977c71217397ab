"""The demo: python -m deployments.demo."""
