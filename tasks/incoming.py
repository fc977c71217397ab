"""A database file from elsewhere, on its way into the live database's place."""

from pathlib import Path

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.migrations.model import Survey, newer
from pipeline.recovery.record import OpenRestore, OpenRestores, RecoveryError
from pipeline.sqlite.imports import is_of
from pipeline.sqlite.imports import store_import as keep
from pipeline.sqlite.incoming import Incoming, make_ready
from pipeline.sqlite.model import DatabaseBackup
from pipeline.sqlite.store import find_backup
from tasks.support import retried_step, show_table, step


@retried_step
def require_release(live: LiveEnvironment) -> str:
    """Return the revision that the service runs; refuse where no release has made the database yet."""
    path = live.database
    if not live.releases.newest_good(1):
        raise PipelineError(
            f"Nothing was done: no release of {live.name} was recorded as good, so nothing shows where its "
            f"application has {path}, nor which migrations it knows. Run deploy-application first, then "
            "import-database again."
        )
    return live.service.require().task_definition


@step
def inspect_import(live: LiveEnvironment, source: str, folder: Path) -> Incoming:
    """Bring the file to the worker, check it there, and show what it is; the source stays as it is."""
    found = make_ready(live.access, source, folder)
    checks, log = found.checks, get_run_logger()
    show_table(
        live,
        "import",
        [
            {
                "from": source,
                "to": live.database,
                "size": f"{found.path.stat().st_size / 1e6:.1f} MB",
                "tables": len(checks.rows),
                "rows": sum(count or 0 for count in checks.rows.values()),
                "migrations": len(checks.migrations),
                "newest migration": checks.migrations[-1] if checks.migrations else "none",
                "foreign keys that point nowhere": checks.foreign_key_violations,
                "sha256": found.sha256[:12],
            }
        ],
        f"{live.name}: the file that takes the place of {live.database}",
    )
    log.info("%s is a sound database of %d tables", source, len(checks.rows))
    if checks.foreign_key_violations:
        log.warning("%d foreign keys in it point nowhere", checks.foreign_key_violations)
    if found.journal == "wal":
        log.info("Its copy was switched from WAL to a rollback journal, as a network file system wants")
    return found


@retried_step
def find_open_import(live: LiveEnvironment, incoming: Incoming) -> OpenRestore | None:
    """Find the import of this file that a killed run has left; another restore must end first."""
    found = OpenRestores(live).find()
    if found is None:
        return None
    site = live.on_database(found.database)
    if site.database != live.database or not is_of(site, find_backup(site, found.backup), incoming):
        raise RecoveryError(
            f"Nothing was done: a restore of {found.backup} to {found.database} is open ({found.phase}). Run "
            "restore-sqlite with in_place: it ends that one. Then import again."
        )
    get_run_logger().warning(
        "The import is open since %s (%s): this run goes on with it", found.began, found.phase
    )
    return found


@step
def require_known_migrations(survey: Survey, incoming: Incoming) -> None:
    """Refuse a file that a later release has migrated; tell which migrations it lacks."""
    if not survey.known:
        raise PipelineError(
            "Nothing was done: the running release's Django does not tell its migrations "
            f"({survey.unreadable or 'it has none'}), so nothing shows whether it can work with this file."
        )
    applied, log = incoming.checks.migrations, get_run_logger()
    ahead = newer(applied, survey.known)
    if ahead:
        raise PipelineError(
            f"Nothing was done: {incoming.source} has {len(ahead)} migrations that the running release does "
            f"not know: {', '.join(ahead[:5])}. Deploy the release that made them, then import again."
        )
    lacking = [label for label in survey.known if label not in applied]
    if lacking:
        log.warning(
            "%d migrations of the running release are not in it, as %s. Run deploy-application afterwards, "
            "which runs them; or, where the service is not well without, first deploy the file's own release",
            len(lacking),
            lacking[-1],
        )


@step
def store_import(live: LiveEnvironment, incoming: Incoming) -> DatabaseBackup:
    """Keep the file in the backup bucket, as a backup that is none of the live database."""
    return keep(live, str(flow_run.id), incoming, get_run_logger().info, utc_now())
