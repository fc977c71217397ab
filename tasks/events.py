"""Tells the world what happened to an environment, for automations."""

from typing import Any

from prefect.events import emit_event

from blocks import Target


def tell_world(target: Target, what: str, **payload: Any) -> None:
    """Emit the event ``vimbiso.WHAT`` about the environment; docs/runbook/README.md lists them all."""
    emit_event(
        event=f"vimbiso.{what}",
        resource={"prefect.resource.id": f"vimbiso.environment.{target.name}"},
        payload=payload,
    )
