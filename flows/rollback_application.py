"""Back to a release that was good."""

from dataclasses import dataclass

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from flows.shared.naming import completed, run_name
from flows.shared.recovery import approve_in_place, exchange
from flows.shared.rehearsal import MIGRATION_LIMIT
from flows.shared.rollout import roll_out
from pipeline.clock import Stopwatch
from pipeline.ecs.model import Outcome
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.recovery.record import OpenRestore, require_same_target
from pipeline.release.model import ReleaseRecord
from pipeline.release.rollback import RollbackPath
from pipeline.sqlite.model import DatabaseBackup
from tasks.environment import load_environment
from tasks.history import find_rollback_path, present_task_definition, show_rollback_path
from tasks.lease import one_delivery_at_a_time
from tasks.record import name_run
from tasks.recovery import (
    begin_in_place,
    choose_in_place,
    find_migrations_in,
    find_open_restore,
    require_confirmed,
)
from tasks.rehearsal import await_migrations
from tasks.signature import check_signature


@flow(name="rollback-application", flow_run_name=run_name)
@state_is_outcome
def rollback_application(
    environment: EnvironmentName,
    release: str | None = None,
    accept_schema: bool = False,
    restore: str = "",
    confirm: str = "",
    dry_run: bool = False,
) -> State[str]:
    """Return to the good release before the present one, or to a chosen one; watch and verify it.

    It first shows where it goes, which commits that takes back, and which migrations stay. A release that was
    taken back is not chosen again until it is deployed again, so that rolling back twice goes two steps back;
    it can be named. Only releases whose task definition is active and whose image is still in the registry
    can be chosen. The one that runs already ends as NO_CHANGE, after the health gates. Where irreversible
    migrations ran since that release, it refuses and names them and what to do: the database is not touched.

    With `restore` it is: the service stops, the present database is backed up and kept as a file, the backup
    put in its place, and the service brought back on the older release and verified, as by restore-sqlite in
    place. Whatever fails, the newer release returns on its own database. Where the environment wants
    approval, a person decides first. A run that was killed is carried on by the next with the same backup.

    It waits for a deployment that moves the service at that moment; cancel that run to go back at once.

    **When it fails:** the error lists the releases that are left, or what speaks against going back.

    Args:
        environment: where to roll back.
        release: name of a recorded good release; the one before the present when left out.
        accept_schema: go back although irreversible migrations ran since: the release is known to live with
            them.
        restore: key or id of a backup of the main database to go back with; every write since is gone then.
        confirm: the environment's name once more; only needed with `restore`.
        dry_run: only show where it would go, and refuse what would be refused; nothing is changed.
    """
    live = load_environment(environment)
    if restore:
        return _go_back_with_database(live, release, accept_schema, Restore(restore, confirm, dry_run))
    if dry_run:
        path = _find_path(live, release, accept_schema)
        return Completed(message=f"Nothing was changed. {path.goes}.", data="DRY_RUN")
    with one_delivery_at_a_time(live):
        await_migrations(live, MIGRATION_LIMIT)
        path = _find_path(live, release, accept_schema)
        name_run(live, path.chosen.release)
        return move_back(live, path.chosen)


def _find_path(
    live: LiveEnvironment, release: str | None, accept_schema: bool, backup: DatabaseBackup | None = None
) -> RollbackPath:
    """Choose and show; refuse to cross irreversible migrations unasked, and unsigned images.

    With a backup, those migrations count that ran in it.
    """
    path = find_rollback_path(live, present_task_definition(live), release)
    show_rollback_path(live, path)
    if backup:
        path = path.on_backup(find_migrations_in(live, backup))
    if path.blocking and not accept_schema:
        raise PipelineError(
            f"Not gone back to release {path.chosen.release}; nothing was changed. {path.why}\n"
            f"{path.by_hand(live.name)}"
        )
    check_signature(live, path.chosen.image_digest)
    return path


@dataclass(frozen=True)
class Restore:
    """The wish for a backup in the database's place; see the flow's parameters."""

    backup: str
    confirm: str
    dry_run: bool


def _go_back_with_database(
    live: LiveEnvironment, release: str | None, accept_schema: bool, wish: Restore
) -> State[str]:
    """Go on with an open restore that ends on a release, or begin one."""
    opened = find_open_restore(live)
    if opened:
        live = live.on_database(opened.database)
    backup = choose_in_place(live, wish.backup, opened)
    if opened:
        target, left, key = require_same_target(opened, release), "", ""
    else:
        path = _find_path(live, release, accept_schema, backup)
        target, left, key = path.chosen, path.left, f"{path.key}-{backup.id}"
    name_run(live, target.release)
    goes = f"release {target.release} on the database of {backup.key}"
    if wish.dry_run:
        return Completed(message=f"Nothing was changed. It would go back to {goes}.", data="DRY_RUN")
    require_confirmed(live, wish.confirm)
    comes = f"`{backup.key}` of {backup.at:%Y-%m-%d %H:%M} UTC, and release {target.release} starts on it"
    by = "" if opened else approve_in_place(live, f"rollback to {goes}", comes, key)

    def begin() -> OpenRestore:
        found = find_open_restore(live)
        if found:
            require_same_target(found, target.release)
        elif present_task_definition(live) != left:
            raise PipelineError(
                "The service was moved meanwhile; nothing was changed. Look at it, run again."
            )
        return found or begin_in_place(live, backup.key, by, target)

    aside = exchange(live, begin)
    message = f"{Outcome.SUCCEEDED}: {goes}; the database before is {aside}."
    return Completed(message=message, data=str(Outcome.SUCCEEDED))


def move_back(live: LiveEnvironment, chosen: ReleaseRecord) -> State[str]:
    """Move the service to a recorded release."""
    end = roll_out(live, chosen.as_release, Stopwatch(), kind="rollback", take_over=True)
    if not end.outcome.good:
        raise PipelineError(
            f"{end.told}\n{end.outcome}: release {chosen.release} is not back. {end.outcome.advice}"
        )
    return completed(chosen.release, end)
