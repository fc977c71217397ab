"""Table of the latest releases."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from blocks.names import EnvironmentName
from tasks.environment import load_environment
from tasks.history import show_history


@flow(name="history", flow_run_name="{environment}")
def history(environment: EnvironmentName, limit: Annotated[int, Field(ge=1, le=200)] = 20) -> int:
    """Show the last releases: when, what, how they ended, by whom, how long each step took, what runs now.

    The table among the run's artifacts also says to which releases rollback-application can still go.

    **When it fails:** the records in the backup bucket cannot be read or one is damaged; the error names it.

    Args:
        environment: whose releases.
        limit: how many, newest first.

    Returns:
        How many releases are shown.
    """
    live = load_environment(environment)
    return len(show_history(live, limit))
