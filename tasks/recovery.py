"""A backup in the live database's place."""

from datetime import timedelta

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.clock import utc_now
from pipeline.delivery.model import GateSettings
from pipeline.delivery.verify import verify_primary
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.recovery.carry import RestoreSteps, carry_through
from pipeline.recovery.record import OpenRestore, OpenRestores, begin, choose, require_none_open
from pipeline.release.model import ReleaseRecord
from pipeline.sqlite.model import DatabaseBackup
from pipeline.sqlite.store import find_backup, read_manifest
from tasks.support import retried_step, show_page, show_table, step

_TIME_TO_START = 900.0
"""Seconds within which every task must be healthy again: images are pulled, migrations are not run."""


@step
def require_confirmed(live: LiveEnvironment, confirm: str, path: str | None = None) -> None:
    """Refuse unless the environment's name was typed once more."""
    if path is not None:
        raise PipelineError(
            f"Nothing was done: path is {path!r}, but in place there is one place only. Leave path out."
        )
    if confirm != live.name:
        raise PipelineError(
            f"Nothing was done: confirm is {confirm!r}. To replace {live.database} of {live.name}, type the "
            "environment's name there."
        )


@retried_step
def refuse_open_restore(live: LiveEnvironment) -> None:
    """Refuse to go on while a restore in place has not ended: no task may open that database."""
    require_none_open(live)


@retried_step
def find_open_restore(live: LiveEnvironment) -> OpenRestore | None:
    """Find the restore in place that a killed run has left."""
    found = OpenRestores(live).find()
    if found is not None:
        get_run_logger().warning(
            "A restore of %s to %s is open since %s (%s): this run goes on with it",
            found.backup,
            found.database,
            found.began,
            found.phase,
        )
    return found


@retried_step
def choose_in_place(live: LiveEnvironment, wanted: str | None, opened: OpenRestore | None) -> DatabaseBackup:
    """Find the backup, and show what its manifest says beside what will happen."""
    chosen = choose(live, wanted, opened)
    manifest = read_manifest(live, chosen)
    minutes = (utc_now() - manifest.copied_at) / timedelta(minutes=1)
    show_table(
        live,
        "in-place",
        [
            {
                "backup": chosen.key,
                "of": manifest.database or "unknown",
                "copied at": f"{manifest.copied_at:%Y-%m-%d %H:%M:%S} UTC",
                "verified": "yes" if chosen.verified else "NO: a drill found it unusable",
                "tables": len(manifest.checks.rows),
                "newest migration": manifest.checks.migrations[-1] if manifest.checks.migrations else "none",
                "lost": f"every write since: {minutes:.0f} min",
            }
        ],
        f"{live.name}: the backup that takes the place of {live.database}",
    )
    get_run_logger().info("The backup to restore is %s", chosen.key)
    return chosen


@retried_step
def find_migrations_in(live: LiveEnvironment, backup: DatabaseBackup) -> tuple[str, ...]:
    """Find the migrations, ``app.name``, that had run in the database when it was backed up."""
    return read_manifest(live, backup).checks.migrations


@step
def begin_in_place(
    live: LiveEnvironment, backup: str, approved_by: str, target: ReleaseRecord | None = None
) -> OpenRestore:
    """Bring the backup to a checked file beside the database, which serves on; note what comes next."""
    log = get_run_logger().info
    return begin(
        live, str(flow_run.id), find_backup(live, backup), log, utc_now(), approved_by, target=target
    )


@step
def carry_in_place(live: LiveEnvironment, restore: OpenRestore) -> OpenRestore:
    """Stop the service, save, swap, start, verify; on any failure put the old database back."""
    site, log = live.on_database(restore.database), get_run_logger()
    ended = carry_through(RestoreSteps(site, lambda tasks: _fault(live, tasks), log.info), restore)
    show_page(
        live,
        "restored",
        (
            f"## {ended.backup} is the database of {live.name}\n\n"
            f"- database: `{ended.database}`\n"
            f"- took: {(utc_now() - ended.began) / timedelta(minutes=1):.1f} min\n"
            f"- the old database: `{ended.aside}` on the volume\n"
            f"- its backup: {ended.safety or 'none: it could not be read'}\n"
            f"- release: {ended.target.release if ended.target else 'the same as before'}\n"
            f"- tasks: {ended.wanted}\n- approved by: {ended.approved_by or 'nobody had to'}\n"
        ),
        f"Restore in place of {live.name}",
    )
    return ended


def _fault(live: LiveEnvironment, tasks: int) -> str | None:
    """Put the service that comes back, with so many tasks, through the gates of a rollout."""
    settings = GateSettings(window=_TIME_TO_START, soak=live.settings.soak)
    found = verify_primary(live.service, live.outputs, live.probes(), settings, tasks)
    get_run_logger().info("%s: %s", found.outcome, found.message)
    return None if found.outcome.good else f"{found.outcome}: {found.message}"
