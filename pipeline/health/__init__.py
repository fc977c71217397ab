"""Health of the application as seen from outside."""
