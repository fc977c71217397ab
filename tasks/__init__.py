"""Prefect tasks: retries, timeouts, logging and artifacts around the engine."""
