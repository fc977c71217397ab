"""Steps shared by deploy-application and rollback-application: move the service, watch, verify, record."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from pipeline.clock import Stopwatch
from pipeline.delivery.start import Started, StartKind
from pipeline.ecs.model import Outcome
from pipeline.ecs.registry import Revision
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.release.model import Release, SchemaChange
from pipeline.release.rollback import describe_changes, has_backup
from tasks.database import back_up_database
from tasks.record import correct_migrations, find_own_changes, note_migrations, record_release
from tasks.rollout import (
    begin_rollout,
    evidence_of,
    find_pending_migrations,
    migrate_database,
    smoke_test_release,
    verify_release,
    watch_rollout,
)

SURVEY_LIMIT = timedelta(minutes=15)
"""As long as migrations may take: a run that was killed may have left some at work."""
MIGRATION_LIMIT = timedelta(minutes=15)
SMOKE_TEST_LIMIT = timedelta(minutes=5)


def prepare_release(
    live: LiveEnvironment, release: str, revision: Revision, migrate: bool, stopwatch: Stopwatch
) -> None:
    """Migrate where anything is pending, then try the release outside the service.

    Raises:
        PipelineError: it failed after irreversible migrations, which the message names.
        PipelineError: it failed otherwise.
    """
    if migrate:
        _migrate(live, release, revision, stopwatch)
    if not live.settings.smoke_test:
        return
    try:
        with stopwatch.step("smoke test"):
            smoke_test_release(live, release, revision.arn, SMOKE_TEST_LIMIT)
    except PipelineError as error:
        changes = _ran(live, revision)
        if not changes:
            raise
        restore = ", or restore the backup" if has_backup(changes) else ""
        raise PipelineError(
            f"{error}\nThe service was not touched, but these irreversible migrations ran:\n"
            f"{describe_changes(changes)}\n"
            f"Look whether the running release can live with them; deploy a fixed one{restore}."
        ) from error


def _ran(live: LiveEnvironment, revision: Revision) -> tuple[SchemaChange, ...]:
    """Find the irreversible migrations of this release, in whichever run; none where that cannot be told."""
    with suppress(PipelineError):  # the failure that is being explained counts
        return find_own_changes(live, revision.arn)
    return ()


def _migrate(live: LiveEnvironment, release: str, revision: Revision, stopwatch: Stopwatch) -> None:
    """Back up and migrate; without pending migrations neither is done."""
    never_deployed = (
        revision.live_arn == live.outputs.task_definition_arn
    )  # Terraform's: its image does not exist
    with stopwatch.step("pending migrations"):
        pending = find_pending_migrations(live, revision.arn, SURVEY_LIMIT, first=never_deployed)
    if not pending:
        return
    backup = None
    if not never_deployed:
        with stopwatch.step("backup"):
            backup = back_up_database(live, f"before {release}")
    with stopwatch.step("migrations"):
        change = note_migrations(
            live, release, revision.arn, pending, backup.key if backup else "", first=never_deployed
        )
        _run(live, revision, change)


def _run(live: LiveEnvironment, revision: Revision, change: SchemaChange) -> None:
    try:
        migrate_database(live, revision.arn, MIGRATION_LIMIT)
    except PipelineError:
        with suppress(PipelineError):  # what failed first is what is told; until then all count as run
            left = find_pending_migrations(live, revision.arn, SURVEY_LIMIT)
            correct_migrations(live, change, left)
        raise


ROLLOUT_LIMIT = timedelta(minutes=15)


@dataclass(frozen=True)
class RolloutEnd:
    """Outcome of a rollout, in a sentence."""

    outcome: Outcome
    message: str
    cause: str = ""
    """The likeliest reason of a failure."""

    @property
    def told(self) -> str:
        """Message and cause, that first which explains more.

        What a task wrote explains why it ended; of one that runs and answers badly, the answer does.
        """
        unhealthy = self.outcome is Outcome.UNHEALTHY
        order = (self.message, self.cause) if unhealthy else (self.cause, self.message)
        return "\n".join(filter(None, order))


def roll_out(
    live: LiveEnvironment,
    release: Release,
    stopwatch: Stopwatch,
    *,
    kind: str,
    take_over: bool = False,
    force: bool = False,
) -> RolloutEnd:
    """Move the service to the release, watch and verify it, and write down how it ended.

    ``force`` starts new tasks although the service is on the release already.
    ``stopwatch`` has the steps before, and gets those of the rollout.

    Without proof of the end (TIMED_OUT, UNKNOWN) nothing is recorded: the next run re-attaches.
    """
    started = begin_rollout(live, release, ROLLOUT_LIMIT, take_over, force=force)
    end = _watch_and_verify(live, started, stopwatch)
    if end.outcome in (Outcome.TIMED_OUT, Outcome.UNKNOWN):
        return end
    record_release(
        live,
        started.rollout,
        kind=kind,
        outcome=end.outcome,
        message=end.message,
        durations=stopwatch.seconds,
    )
    return end


def _watch_and_verify(live: LiveEnvironment, started: Started, stopwatch: Stopwatch) -> RolloutEnd:
    with stopwatch.step("rollout"):
        verdict = watch_rollout(live, started)
    if verdict.outcome is not None:
        outcome, message = verdict.outcome, verdict.message
    else:
        new = started.kind is not StartKind.NO_CHANGE
        with stopwatch.step("verify"):
            verification = verify_release(live, started.rollout, soak=new)
        outcome, message = verification.outcome, verification.message
    if outcome is Outcome.SUCCEEDED:
        unchanged = started.kind is StartKind.NO_CHANGE
        return RolloutEnd(Outcome.NO_CHANGE if unchanged else outcome, message)
    if outcome is Outcome.SUPERSEDED:
        return RolloutEnd(outcome, message)
    return RolloutEnd(outcome, message, evidence_of(live, started.rollout).headline)
