"""Brings the application's secret to the values of its block."""

from typing import cast

from prefect.logging import get_run_logger

from blocks.app_secrets import AppSecrets
from pipeline.delivery.model import choose_restart
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.release.model import ReleaseRecord
from pipeline.secrets.change import SecretSync, key_rows, unset_keys
from pipeline.secrets.store import missing_keys, sync_secret, values_written
from tasks.support import emit, retried_step, show_table, step


@retried_step
def sync_app_secret(live: LiveEnvironment, secret_id: str, dry_run: bool = False) -> SecretSync:
    """Write the block's values to Secrets Manager unless they are there; log names, never values."""
    name = live.settings.secrets_block
    try:
        block = cast("AppSecrets", AppSecrets.load(name))
    except ValueError as error:
        raise PipelineError(
            f"There is no app-secrets block {name!r}. Create it in the UI with a value for each key."
        ) from error
    found = sync_secret(
        live.access, secret_id, block.concealed(), live.settings.all_secret_keys, dry_run=dry_run
    )
    state = f"version {found.version_id}" if found.changed else "unchanged"
    get_run_logger().info("Secret %s: %s; added %s, updated %s", secret_id, state, found.added, found.updated)
    return found


@retried_step
def report_secret_keys(live: LiveEnvironment, sync: SecretSync) -> tuple[str, ...]:
    """Show what became of each key; return those that the live tasks' definition reads and nobody set."""
    service = live.service.require()
    definition, _ = live.task_definitions.read(service.task_definition)
    report = missing_keys(live.access, sync.secret_arn, definition)
    unset = unset_keys(sync, report)
    if unset:
        get_run_logger().warning("Read by the task definition, set by nobody: %s", ", ".join(unset))
    show_table(
        live,
        "secret-keys",
        list(key_rows(sync, report)),
        f"{live.name}: keys of the secret{', a preview' if sync.dry_run else ''}",
    )
    return unset


@step
def emit_secret_changed(live: LiveEnvironment, sync: SecretSync) -> None:
    """Emit the event that the secret has a new version, with the names of its keys."""
    emit(live, "secrets.changed", added=sync.added, updated=sync.updated, version=sync.version_id)


@retried_step
def choose_release_to_restart(live: LiveEnvironment) -> ReleaseRecord | None:
    """Find the release whose tasks began before the values were written; None where there are none."""
    service = live.service.require()
    records = live.releases.newest()
    written = values_written(live.access, live.outputs.secret_arn)
    chosen = choose_restart(service, written, records, live.releases.open_rollout())
    if chosen is None:
        get_run_logger().info("No task has older values: nothing is restarted")
    return chosen
