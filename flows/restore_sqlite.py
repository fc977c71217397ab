"""A backup back on the data volume."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.naming import run_name
from tasks.database import choose_backup, restore_database
from tasks.environment import load_environment, read_outputs


@flow(name="restore-sqlite", flow_run_name=run_name)
def restore_sqlite(
    environment: EnvironmentName, backup: str | None = None, path: str | None = None, dry_run: bool = False
) -> str | None:
    """Bring a backup to a new file on the data volume, checked against its manifest.

    The live database is not touched: look at the new file, or swap it in by hand while the service is down
    (docs/backups.md).

    **When it fails:** the file does not appear, or it appears whole. Run it again.

    Args:
        environment: whose database.
        backup: key or id of a backup; the newest verified one when left out.
        path: where to put it, below the data volume.
        dry_run: only show which backup would be restored.

    Returns:
        The new file; None where nothing was restored.
    """
    target = load_environment(environment)
    outputs = read_outputs(target)
    chosen = choose_backup(target, outputs, backup)
    return None if dry_run else restore_database(target, outputs, chosen.key, path).target
