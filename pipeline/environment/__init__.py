"""Environments as data: what differs between local, staging and production."""
