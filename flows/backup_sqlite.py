"""The application's database, safe in S3."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from tasks.database import back_up_databases, prune_backups, publish_backup_age
from tasks.environment import load_environment


@flow(name="backup-sqlite", flow_run_name="{environment}")
@state_is_outcome
def backup_sqlite(environment: EnvironmentName, dry_run: bool = False) -> str:
    """Back each SQLite database up while the application writes, then remove backups past their time.

    A one-off task on the application's own image and volume copies the database in one step, checks the copy,
    compresses it and streams it to S3. The copy counts only once S3's bytes were read back and compared. The
    newest verified backups are kept by day, week, month and year. An application without a SQLite database is
    skipped: a server's database is its owner's to back up.

    **When it fails:** older backups are untouched; the error says whether source, disk or S3 was at fault, or
    that only old backups could not be removed. Run it again. A database that is not there after a good
    release is an error: look where the application writes.

    Args:
        environment: whose databases.
        dry_run: only show which backups are past their time.
    """
    live = load_environment(environment)
    if dry_run:
        past = counted(prune_backups(live, dry_run), "backup")
        return f"{past} past their time would be removed; nothing was done."
    made = back_up_databases(live, "nightly")
    publish_backup_age(live)
    removed = counted(prune_backups(live, dry_run), "old backup")
    if not made:
        return f"Nothing to back up: {live.name} keeps no SQLite database yet; {removed} removed."
    keys = ", ".join(manifest.key for manifest in made)
    return f"{counted(len(made), 'database')} backed up and checked, {removed} removed: {keys}"
