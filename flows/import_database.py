"""A database that comes along from elsewhere."""

from pathlib import Path
from tempfile import TemporaryDirectory

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from flows.shared.naming import run_name
from flows.shared.recovery import approve_in_place, exchange
from flows.shared.rehearsal import SURVEY_LIMIT
from pipeline.live import LiveEnvironment
from pipeline.recovery.record import OpenRestore
from pipeline.sqlite.incoming import Incoming
from tasks.database import back_up_databases
from tasks.environment import load_environment
from tasks.incoming import (
    find_open_import,
    inspect_import,
    require_known_migrations,
    require_release,
    store_import,
)
from tasks.recovery import begin_in_place, require_confirmed
from tasks.rehearsal import survey_release


@flow(name="import-database", flow_run_name=run_name)
@state_is_outcome
def import_database(
    environment: EnvironmentName,
    source: str,
    database: str = "",
    confirm: str = "",
    dry_run: bool = False,
) -> str:
    """Put an existing SQLite file in the live database's place, checked, and with everything undoable.

    The file is checked on the worker, compared with the migrations of the running release, and kept in the
    backup bucket. Then it goes the way of restore-sqlite in place: the service stops, the present database is
    backed up and kept as a file, the new one put in its place and checked there, and the service brought back
    and verified. Whatever fails, the old database and the service return. Where the environment wants
    approval, a person decides in the form first. Every write since the deployment is gone from the database.

    **When it fails:** the error says whether anything was done and which database is in place. Run it again;
    a run that was killed is carried on by the next, also by restore-sqlite in place.

    Args:
        environment: whose database.
        source: a file on the worker, or `s3://BUCKET/KEY`: a database, a dump (`.sql`), or either as `.gz`.
        database: which one, by the file's path or its name without extension; the main one when left out.
        confirm: the environment's name once more.
        dry_run: only check the file and ask the running release; nothing is changed.
    """
    live = load_environment(environment).on_database(database)
    revision = require_release(live)
    with TemporaryDirectory(prefix="import-") as folder:
        incoming = inspect_import(live, source, Path(folder))
        if not dry_run:
            require_confirmed(live, confirm)
        opened = find_open_import(live, incoming)
        if opened is None:
            require_known_migrations(survey_release(live, revision, SURVEY_LIMIT), incoming)
        if dry_run:
            return f"{source} is sound and fits the running release; nothing was done."
        aside = _put_in_place(live, incoming, opened)
    back_up_databases(live, "after an import")
    return f"{source} is the database of {live.name} now; the old one is {aside}."


def _put_in_place(live: LiveEnvironment, incoming: Incoming, opened: OpenRestore | None) -> str:
    """Go on with the open import, which was approved when it began, or begin it."""
    comes = f"`{incoming.source}` ({incoming.sha256[:12]})"
    what = f"import of {incoming.source}"
    by = "" if opened else approve_in_place(live, what, comes, incoming.sha256[:12])

    def begin() -> OpenRestore:
        found = find_open_import(live, incoming)
        return found or begin_in_place(live, store_import(live, incoming).key, by)

    return exchange(live, begin)
