"""Table of the latest releases."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from tasks.environment import load_environment
from tasks.history import show_history


@flow(name="history", flow_run_name="{environment}")
@state_is_outcome
def history(environment: EnvironmentName, limit: Annotated[int, Field(ge=1, le=200)] = 20) -> str:
    """Show the last releases: when, what, how they ended, by whom, how long each step took, what runs now.

    The table among the run's artifacts also says to which releases rollback-application can still go.

    **When it fails:** the records in the backup bucket cannot be read or one is damaged; the error names it.

    Args:
        environment: whose releases.
        limit: how many, newest first.
    """
    live = load_environment(environment)
    rows = show_history(live, limit)
    now = next((row["release"] for row in rows if row["runs"]), "")
    shown = f"{counted(len(rows), 'release')} shown"
    return f"{shown}; {now} runs now." if now else f"{shown}; none of them is known to run now."
