"""Steps before the switch: survey, backup, migrations, smoke test."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta

from pipeline.clock import Stopwatch
from pipeline.ecs.model import Task
from pipeline.ecs.registry import Revision
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.migrations.model import Migration, Survey, SurveyError
from pipeline.release.model import SchemaChange
from pipeline.release.rollback import describe_changes, has_backup
from tasks.database import back_up_databases, record_migrated, require_safe_data
from tasks.record import correct_migrations, find_own_changes, note_migrations
from tasks.rehearsal import (
    begin_rehearsal,
    end_rehearsal,
    run_management_command,
    smoke_test_release,
    survey_release,
)

SURVEY_LIMIT = timedelta(minutes=15)
"""As long as migrations may take: a run that was killed may have left some at work."""
MIGRATION_LIMIT = timedelta(minutes=15)
SMOKE_TEST_LIMIT = timedelta(minutes=5)
STATIC_LIMIT = timedelta(minutes=15)


@contextmanager
def rehearsing(live: LiveEnvironment, revision: Revision, *, waits: bool = False) -> Iterator[Task | None]:
    """Keep one task at work that surveys and is the smoke test; None where these need a task each.

    It serves nobody, so the registry's scan of its image may be awaited meanwhile. It goes on as the release
    only where no migrations are pending, or, where it ``waits``, are pending any more.
    """
    settings = live.settings
    together = settings.smoke_test and not settings.django.collect_static and revision.start
    task = begin_rehearsal(live, revision, SURVEY_LIMIT, waits=waits) if together else None
    try:
        yield task
    finally:
        if task is not None:
            end_rehearsal(live, task)


def prepare_release(
    live: LiveEnvironment,
    release: str,
    revision: Revision,
    migrate: bool,
    stopwatch: Stopwatch,
    rehearsal: Task | None,
) -> tuple[str, ...]:
    """Look where data is, migrate where anything is pending, then try the release outside the service.

    Return the migrations that stay pending, as ``migrate`` is off. ``rehearsal`` is a task that surveys.

    Raises:
        PipelineError: data would not outlive a task; nothing was migrated.
        PipelineError: it failed after irreversible migrations, which the message names.
        PipelineError: it failed otherwise.
    """
    with stopwatch.step("survey"):
        survey = _survey(live, release, revision, rehearsal)
    if survey.pending and not migrate and live.settings.django.migrates_itself:
        raise PipelineError(
            "migrate=false cannot be kept: this application migrates its database itself when it starts "
            f"(migrated_by), and {len(survey.pending)} migrations are pending. Nothing was changed."
        )
    change = None
    if migrate and survey.pending:
        change = _save_and_note(live, release, revision, survey, stopwatch)
    migrates = change is not None and not live.settings.django.migrates_itself
    with rehearsing(live, revision, waits=True) if migrates else nullcontext(rehearsal) as task:
        if change and migrates:
            with stopwatch.step("migrations"):
                _migrate(live, revision, change)
                record_migrated(live, release, survey.databases)
        _try(live, release, revision, survey, change, task, stopwatch)
    return () if change else tuple(item.label for item in survey.pending)


def _try(
    live: LiveEnvironment,
    release: str,
    revision: Revision,
    survey: Survey,
    change: SchemaChange | None,
    rehearsal: Task | None,
    stopwatch: Stopwatch,
) -> None:
    """Run what the release has to show outside of the service."""
    django = live.settings.django
    if django.collect_static:
        with stopwatch.step("static files"):
            run_management_command(live, revision.arn, "static", tuple(django.collect_static), STATIC_LIMIT)
    if live.settings.smoke_test:
        with stopwatch.step("smoke test"):
            _smoke_test(live, release, revision, survey, change, rehearsal)
    if django.smoke_command:
        with stopwatch.step("smoke command"):
            command = tuple(django.smoke_command)
            run_management_command(live, revision.arn, "smoke-command", command, SMOKE_TEST_LIMIT)


def _survey(live: LiveEnvironment, release: str, revision: Revision, rehearsal: Task | None) -> Survey:
    first = _is_first(live, revision)
    survey = survey_release(live, revision.arn, SURVEY_LIMIT, first=first, rehearsal=rehearsal)
    require_safe_data(live, release, survey.databases)
    if survey.unreadable:
        raise SurveyError(
            f"The release's Django cannot tell its migrations: {survey.unreadable} Nothing was migrated, "
            "and the service was not touched."
        )
    survey.require_sound()
    return survey


def _smoke_test(
    live: LiveEnvironment,
    release: str,
    revision: Revision,
    survey: Survey,
    change: SchemaChange | None,
    rehearsal: Task | None,
) -> None:
    """Try the release; the one task of an application that migrates itself does so before others start."""
    itself = change if live.settings.django.migrates_itself else None
    try:
        limit = SMOKE_TEST_LIMIT + (MIGRATION_LIMIT if itself else timedelta())
        waited = bool(change) and not itself
        task = rehearsal if waited or not survey.pending else None
        smoke_test_release(live, release, revision.arn, limit, task, waited=waited)
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
