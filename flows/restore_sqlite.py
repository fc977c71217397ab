"""A backup back on the data volume."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from flows.shared.naming import run_name
from flows.shared.recovery import approve_in_place, exchange
from pipeline.live import LiveEnvironment
from tasks.database import choose_backup, restore_database
from tasks.environment import load_environment
from tasks.recovery import (
    begin_in_place,
    choose_in_place,
    find_open_restore,
    require_confirmed,
)
from tasks.support import emit


@flow(name="restore-sqlite", flow_run_name=run_name)
@state_is_outcome
def restore_sqlite(
    environment: EnvironmentName,
    backup: str | None = None,
    path: str | None = None,
    in_place: bool = False,
    confirm: str = "",
    dry_run: bool = False,
    database: str = "",
) -> str:
    """Bring a backup to a new, checked file on the data volume, or put it in the live database's place.

    By default the live database is not touched. In place, the service is scaled to zero, the present database
    backed up and kept as a file, the restored one put in its place and checked there, and the service brought
    back and verified. Whatever fails, the old database and the service return. Where the environment wants
    approval, a person decides in the form first. Every write since the backup is gone from the database then.

    **When it fails:** to a file: it does not appear, or it appears whole. In place: the error says which
    database is in place. Run it again; a run that was killed is carried on by the next.

    Args:
        environment: whose database.
        backup: key or id of a backup; the newest verified one when left out.
        path: where to put it, below the data volume; not with `in_place`.
        in_place: put it in the live database's place; the service stops meanwhile.
        confirm: the environment's name once more; only needed with `in_place`.
        dry_run: only show which backup would be restored.
        database: which one, by the file's path or its name without extension; the main one when left out. A
            restore in place that is open goes on with its own.
    """
    live = load_environment(environment).on_database(database)
    if in_place:
        return _in_place(live, backup, path, confirm, dry_run)
    chosen = choose_backup(live, backup)
    if dry_run:
        return f"{chosen.key} would be restored to a file; nothing was done."
    restored = restore_database(live, chosen.key, path)
    emit(live, "database.copied", backup=chosen.key, path=restored.target)
    return f"{chosen.key} is restored to {restored.target}; the live database was not touched."


def _in_place(
    live: LiveEnvironment, backup: str | None, path: str | None, confirm: str, dry_run: bool
) -> str:
    """Go on with an open restore, which was approved when it began, or begin one."""
    opened = find_open_restore(live)
    if opened:
        live = live.on_database(opened.database)
    chosen = choose_in_place(live, backup, opened)
    if dry_run:
        return f"{chosen.key} would take the place of {live.database}; nothing was done."
    require_confirmed(live, confirm, path)
    what = f"restore-sqlite in place from {chosen.key}"
    comes = f"`{chosen.key}` of {chosen.at:%Y-%m-%d %H:%M} UTC"
    by = "" if opened else approve_in_place(live, what, comes, chosen.id)
    aside = exchange(live, lambda: find_open_restore(live) or begin_in_place(live, chosen.key, by))
    return f"{chosen.key} is the database of {live.name} now; the old one is {aside}."
