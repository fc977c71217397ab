"""Brings the application's secret to the values of its block."""

from typing import cast

from prefect import task
from prefect.logging import get_run_logger

from blocks import AppSecrets, Target
from pipeline.errors import PipelineError
from pipeline.secrets import SecretSync, sync_secret


class SecretsBlockMissingError(PipelineError):
    """There is no block with the secret values."""


@task(name="sync-secret", retries=2, retry_delay_seconds=[2, 10], persist_result=False)
def sync_app_secret(target: Target, secret_id: str, dry_run: bool = False) -> SecretSync:
    """Write the block's values to Secrets Manager unless they are there; log names, never values."""
    name = f"{target.environment.app}-{target.name}"
    try:
        block = cast("AppSecrets", AppSecrets.load(name))
    except ValueError as error:
        raise SecretsBlockMissingError(
            f"There is no app-secrets block {name!r}. Create it in the UI with a value for each key."
        ) from error
    found = sync_secret(target.access, secret_id, block.concealed(), dry_run=dry_run)
    state = f"version {found.version_id}" if found.changed else "unchanged"
    get_run_logger().info("Secret %s: %s; added %s, updated %s", secret_id, state, found.added, found.updated)
    return found
