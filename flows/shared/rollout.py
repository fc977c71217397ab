"""Steps shared by deploy-application and rollback-application: move the service, watch, verify, record."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.clock import Stopwatch
from pipeline.delivery.model import Verification
from pipeline.delivery.start import Started, StartKind
from pipeline.ecs.model import Outcome
from pipeline.ecs.registry import Revision
from pipeline.errors import PipelineError
from pipeline.health.poll import Poll
from pipeline.live import LiveEnvironment
from pipeline.migrations.model import Migration, Survey, SurveyError
from pipeline.release.model import Release, SchemaChange
from pipeline.release.rollback import describe_changes, has_backup
from tasks.database import back_up_databases, record_migrated, require_safe_data
from tasks.gates import verify_release
from tasks.record import correct_migrations, find_own_changes, note_migrations, record_release
from tasks.rollout import (
    begin_rollout,
    evidence_of,
    run_management_command,
    smoke_test_release,
    survey_release,
    watch_rollout,
)
from tasks.scaling import keep_minimum_of_tasks

SURVEY_LIMIT = timedelta(minutes=15)
"""As long as migrations may take: a run that was killed may have left some at work."""
MIGRATION_LIMIT = timedelta(minutes=15)
SMOKE_TEST_LIMIT = timedelta(minutes=5)
STATIC_LIMIT = timedelta(minutes=15)


def prepare_release(
    live: LiveEnvironment, release: str, revision: Revision, migrate: bool, stopwatch: Stopwatch
) -> tuple[str, ...]:
    """Look where data is, migrate where anything is pending, then try the release outside the service.

    Return the migrations that stay pending, as ``migrate`` is off.

    Raises:
        PipelineError: data would not outlive a task; nothing was migrated.
        PipelineError: it failed after irreversible migrations, which the message names.
        PipelineError: it failed otherwise.
    """
    with stopwatch.step("survey"):
        survey = _survey(live, release, revision)
    if survey.pending and not migrate and live.settings.django.migrates_itself:
        raise PipelineError(
            "migrate=false cannot be kept: this application migrates its database itself when it starts "
            f"(migrated_by), and {len(survey.pending)} migrations are pending. Nothing was changed."
        )
    change = None
    if migrate and survey.pending:
        change = _save_and_note(live, release, revision, survey, stopwatch)
    if change and not live.settings.django.migrates_itself:
        with stopwatch.step("migrations"):
            _migrate(live, revision, change)
            record_migrated(live, release, survey.databases)
    if live.settings.django.collect_static:
        with stopwatch.step("static files"):
            command = tuple(live.settings.django.collect_static)
            run_management_command(live, revision.arn, "static", command, STATIC_LIMIT)
    if live.settings.smoke_test:
        with stopwatch.step("smoke test"):
            _smoke_test(live, release, revision, survey, change)
    if live.settings.django.smoke_command:
        with stopwatch.step("smoke command"):
            smoke = tuple(live.settings.django.smoke_command)
            run_management_command(live, revision.arn, "smoke-command", smoke, SMOKE_TEST_LIMIT)
    return () if change else tuple(item.label for item in survey.pending)


def _survey(live: LiveEnvironment, release: str, revision: Revision) -> Survey:
    survey = survey_release(live, revision.arn, SURVEY_LIMIT, first=_is_first(live, revision))
    require_safe_data(live, release, survey.databases)
    if survey.unreadable:
        raise SurveyError(
            f"The release's Django cannot tell its migrations: {survey.unreadable} Nothing was migrated, "
            "and the service was not touched."
        )
    survey.require_sound()
    return survey


def _smoke_test(
    live: LiveEnvironment, release: str, revision: Revision, survey: Survey, change: SchemaChange | None
) -> None:
    """Try the release; the one task of an application that migrates itself does so before others start."""
    itself = change if live.settings.django.migrates_itself else None
    try:
        smoke_test_release(
            live, release, revision.arn, SMOKE_TEST_LIMIT + (MIGRATION_LIMIT if itself else timedelta())
        )
        if itself:
            _require_migrated(live, revision, itself)
            record_migrated(live, release, survey.databases)
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


def _save_and_note(
    live: LiveEnvironment, release: str, revision: Revision, survey: Survey, stopwatch: Stopwatch
) -> SchemaChange:
    """Back up what there is, and note what is about to run."""
    backups = []
    if any(item.in_a_file and item.exists for item in survey.databases):
        with stopwatch.step("backup"):
            backups = back_up_databases(live, f"before {release}", revision.arn)
    return note_migrations(
        live,
        release,
        revision.arn,
        survey.pending,
        backups[0].key if backups else "",
        first=_is_first(live, revision),
    )


def _is_first(live: LiveEnvironment, revision: Revision) -> bool:
    """Whether nothing was deployed yet: the service is on Terraform's own revision."""
    return revision.live_arn == live.outputs.task_definition_arn


def _migrate(live: LiveEnvironment, revision: Revision, change: SchemaChange) -> None:
    command = live.settings.django.migrate_command
    try:
        run_management_command(live, revision.arn, "migrate", command, MIGRATION_LIMIT)
    except PipelineError:
        with suppress(PipelineError):  # what failed first is what is told; until then all count as run
            correct_migrations(live, change, _left(live, revision))
        raise


def _left(live: LiveEnvironment, revision: Revision) -> tuple[Migration, ...]:
    """Return the migrations that are still pending; what cannot be told is an error."""
    survey = survey_release(live, revision.arn, SURVEY_LIMIT)
    if survey.unreadable:
        raise SurveyError(f"The release's Django cannot tell its migrations: {survey.unreadable}")
    return survey.pending


def _require_migrated(live: LiveEnvironment, revision: Revision, change: SchemaChange) -> None:
    """Refuse a release that was to migrate its database itself, in the smoke test's one task, and did not."""
    left = _left(live, revision)
    if not left:
        return
    correct_migrations(live, change, left)
    raise PipelineError(
        f"The application was to migrate its database when it starts (migrated_by = 'application'), and "
        f"{len(left)} migrations are still pending: {', '.join(item.label for item in left)}. Let its start "
        "command migrate, or set migrated_by = 'pipeline' in the `django` table."
    )


ROLLOUT_LIMIT = timedelta(minutes=30)
"""Failed tasks, ECS's own rollback, and the alarms that it watches for both: each takes minutes on AWS."""


@dataclass(frozen=True)
class RolloutEnd:
    """Outcome of a rollout, in a sentence."""

    outcome: Outcome
    message: str
    cause: str = ""
    """The likeliest reason of a failure."""
    since: datetime | None = None
    """When the rollout began."""

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
    left: tuple[str, ...] = (),
) -> RolloutEnd:
    """Move the service to the release, watch and verify it, and write down how it ended.

    ``force`` starts new tasks although the service is on the release already; ``left`` names migrations that
    were to stay pending.
    ``stopwatch`` has the steps before, and gets those of the rollout.

    Without proof of the end (TIMED_OUT, UNKNOWN) nothing is recorded: the next run re-attaches.
    """
    with Poll(live.probe()) as visitor:
        started = begin_rollout(live, release, ROLLOUT_LIMIT, take_over, kind=kind, force=force)
        end = _watch_and_verify(live, started, stopwatch)
    if started.kind is not StartKind.NO_CHANGE:
        end = replace(end, message=f"{end.message} {visitor.message}".rstrip())
    if end.outcome in (Outcome.TIMED_OUT, Outcome.UNKNOWN):
        return end
    record_release(
        live,
        started.rollout,
        kind=kind,
        outcome=end.outcome,
        message=end.message,
        durations=stopwatch.seconds,
        left=left,
    )
    if end.outcome.good:
        keep_minimum_of_tasks(live)
    return end


def _watch_and_verify(live: LiveEnvironment, started: Started, stopwatch: Stopwatch) -> RolloutEnd:
    with stopwatch.step("rollout"):
        verdict = watch_rollout(live, started)
    outcome, message = verdict.outcome, verdict.message
    if outcome is None:
        with stopwatch.step("verify"):
            found = verify_release(live, started, verdict.tasks)
        outcome, message = found.outcome, found.message
        if verdict.early and not (found.final and outcome is Outcome.UNHEALTHY):
            outcome, message = _complete(live, started, stopwatch, found)
    if outcome is Outcome.SUCCEEDED:
        unchanged = started.kind is StartKind.NO_CHANGE
        return RolloutEnd(Outcome.NO_CHANGE if unchanged else outcome, message)
    if outcome is Outcome.SUPERSEDED:
        return RolloutEnd(outcome, message)
    cause = evidence_of(live, started.rollout).headline
    return RolloutEnd(outcome, message, cause, started.rollout.started_at)


def _complete(
    live: LiveEnvironment, started: Started, stopwatch: Stopwatch, early: Verification
) -> tuple[Outcome, str]:
    """Wait until ECS has completed the deployment, and look again: once, where the gates were open before."""
    with stopwatch.step("completion"):
        verdict = watch_rollout(live, started, completed=True)
        if verdict.outcome is not None:
            return verdict.outcome, verdict.message
        opened = early.outcome is Outcome.SUCCEEDED
        found = verify_release(live, started, verdict.tasks, soak=0 if opened else None)
    return found.outcome, early.message if opened and found.outcome is Outcome.SUCCEEDED else found.message
