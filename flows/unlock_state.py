"""A lock that nobody holds any more."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from tasks.environment import load_environment
from tasks.lease import query_prefect
from tasks.state import look_at_lock, remove_lock


@flow(name="unlock-state", flow_run_name="{environment}")
@state_is_outcome
def unlock_state(environment: EnvironmentName, dry_run: bool = False) -> str:
    """Remove the Terraform state's lock when its owner is gone: its run ended, crashed, or is far too old.

    A living owner's lock stays, whoever asks. Whether the owner lives is seen in its process where this
    worker runs on the same host, else in what Prefect says of its run.

    **When it fails:** the error names the owner and the age of the lock. Wait for the run, or cancel it.

    Args:
        environment: whose state.
        dry_run: only say who holds the lock.
    """
    live = load_environment(environment, built=False)
    known = query_prefect(live)
    found = look_at_lock(live, known)
    if found.lock is None or dry_run:
        return f"Nothing was done. {found.verdict.reason}"
    remove_lock(live, found.lock.id, known)
    return f"The lock of {found.verdict.owner} is removed: {found.verdict.reason}"
