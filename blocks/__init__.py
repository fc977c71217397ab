"""Typed configuration and credentials that people edit in the Prefect UI."""
