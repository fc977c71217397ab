"""Names of runs and messages of their end, as the UI shows them."""

from collections.abc import Mapping
from typing import Any

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.shared.approval import prompted_keys
from flows.shared.rollout import RolloutEnd


def completed(release: str, end: RolloutEnd) -> State[str]:
    """Put outcome and release on the run's state, where the UI and the command line show them."""
    detail = f"{end.outcome}: release {release}. {end.message}".strip()
    get_run_logger().info("%s", detail)
    return Completed(message=detail, data=str(end.outcome))


_ASKED_FOR = ("ref", "image", "release", "record", "backup", "source")


def run_name() -> str:
    """Name the present run: the environment, and what was asked for; after a decision it keeps its name."""
    return str(flow_run.name) if prompted_keys() else name_of(flow_run.parameters)


def name_of(parameters: Mapping[str, Any]) -> str:
    """Return ``staging: v1.2``, or ``staging`` alone where the flow chooses by itself."""
    asked = next((parameters[key] for key in _ASKED_FOR if parameters.get(key)), None)
    return ": ".join(filter(None, (parameters["environment"], asked)))
