"""Pending Django migrations of a release, and whether they can be reversed."""
