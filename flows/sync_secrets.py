"""Secret values from their block to Secrets Manager."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from flows.shared.rollout import roll_out
from pipeline.clock import Stopwatch
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.secrets.change import SecretSync
from tasks.environment import load_environment
from tasks.lease import one_delivery_at_a_time
from tasks.secrets import choose_release_to_restart, emit_secret_changed, report_secret_keys, sync_app_secret


@flow(name="sync-secrets", flow_run_name="{environment}")
@state_is_outcome
def sync_secrets(environment: EnvironmentName, restart: bool = False, dry_run: bool = False) -> str:
    """Write the values of the environment's app-secrets block to its secret in Secrets Manager.

    Logs show names and versions, never values. Nothing is written when nothing changed; every key that the
    application needs must have a value. A table names each key, and those that the task definition reads and
    nobody set. Running tasks read the values when they start: deploy, or restart the service with `restart`,
    to put them into use.

    **When it fails:** the error names the keys without a value; fill them in in the block and run again.

    Args:
        environment: whose secret to write.
        restart: replace the tasks that began before the values were written, and watch the new ones.
        dry_run: only say what would change.
    """
    live = load_environment(environment)
    found = sync_app_secret(live, live.outputs.secret_arn, dry_run)
    if found.changed and not dry_run:
        emit_secret_changed(live, found)
    unset = report_secret_keys(live, found)
    if unset:
        raise PipelineError(
            f"No new task starts without {', '.join(unset)}: the task definition reads it, nobody set it. "
            f"{_written(found)} Nothing was restarted. Fill it in in the block and run again."
        )
    if dry_run or not restart:
        return _written(found)
    with one_delivery_at_a_time(live):
        return f"{_written(found)} {_restart(live)}"


def _written(found: SecretSync) -> str:
    """Name the keys that were written, or would be."""
    if not found.changed:
        return "The secret has the block's values already."
    keys = ", ".join((*found.added, *found.updated))
    return f"{keys} would be written; nothing was done." if found.dry_run else f"{keys} written."


def _restart(live: LiveEnvironment) -> str:
    """Start the present release's tasks again, and watch and verify them like a deployment."""
    chosen = choose_release_to_restart(live)
    if chosen is None:
        return "No task has older values: nothing was restarted."
    end = roll_out(live, chosen.as_release, Stopwatch(), kind="restart", force=True)
    if not end.outcome.good:
        raise PipelineError(f"{end.outcome}: release {chosen.release}: {end.told}\n{end.outcome.advice}")
    return f"Release {chosen.release} was restarted with them."
