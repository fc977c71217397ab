"""What is watched, and told to people: automations.yaml, written to the Prefect server."""

from deployments.automations.model import AutomationEntry, entries_for
from deployments.automations.registrar import register_automations

__all__ = ["AutomationEntry", "entries_for", "register_automations"]
