"""How runs that move the service end well."""

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.shared.rollout import RolloutEnd


def completed(release: str, end: RolloutEnd) -> State[str]:
    """Put outcome and release on the run's state, where the UI and the command line show them."""
    told = f"{end.outcome}: release {release}. {end.message}".strip()
    get_run_logger().info("%s", told)
    return Completed(message=told, data=str(end.outcome))
