"""Decisions of the webhook receiver: who may ask, what is asked for, and what it leads to."""
