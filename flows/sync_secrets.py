"""Secret values from their block to Secrets Manager."""

from prefect import flow

from blocks.names import EnvironmentName
from tasks.environment import load_environment, read_outputs
from tasks.secrets import report_secret_keys, sync_app_secret, tell_changed_secret


@flow(name="sync-secrets", flow_run_name="{environment}")
def sync_secrets(environment: EnvironmentName, dry_run: bool = False) -> None:
    """Write the values of the environment's app-secrets block to its secret in Secrets Manager.

    Logs show names and versions, never values. Nothing is written when nothing changed; every key that the
    application needs must have a value. A table names each key, and those that the task definition reads and
    nobody set. Running tasks read the values when they start: deploy, or restart
    the service, to put them into use.

    **When it fails:** the error names the keys without a value; fill them in in the block and run again.

    Args:
        environment: whose secret to write.
        dry_run: only say what would change.
    """
    target = load_environment(environment)
    outputs = read_outputs(target)
    found = sync_app_secret(target, outputs.secret_arn, dry_run)
    if found.changed and not dry_run:
        tell_changed_secret(target, found)
    report_secret_keys(target, outputs, found)
