"""Shows and chooses among the releases of an environment, and diagnoses the service."""

from datetime import timedelta
from functools import partial

from prefect.logging import get_run_logger

from pipeline.aws.errors import AwsError
from pipeline.clock import utc_now
from pipeline.diagnosis.diagnosis import Diagnosis, command, diagnose, to_markdown
from pipeline.diagnosis.facts import Subject
from pipeline.diagnosis.history import history_rows
from pipeline.diagnosis.reading import read_facts
from pipeline.live import LiveEnvironment
from pipeline.log_cause import as_markdown
from pipeline.release.model import ReleaseRecord
from pipeline.release.rollback import RollbackPath, choose_rollback, plan_rollback
from pipeline.release.store import why_unusable
from tasks.support import has_told, retried_step, show_page, show_table, step


@step
def diagnose_service(live: LiveEnvironment, since_hours: float = 2) -> Diagnosis:
    """Read everything around the service, show findings and likely causes as a page, log the causes.

    What cannot be read is a finding of its own; nothing is changed.
    """
    now = utc_now()
    subject = Subject(live.settings, live.outputs, now, now - timedelta(hours=since_hours))
    found = diagnose(read_facts(live, subject))
    show_page(live, "diagnosis", to_markdown(found), f"{live.name}: {found.headline}")
    log = get_run_logger()
    for place, cause in enumerate(found.causes, start=1):
        over = " (over by now)" if cause.past else ""
        log.warning("%d. %s%s %s", place, cause.advice.means, over, cause.evidence[0].reason)
        for flow in () if cause.past else cause.advice.flows:
            log.info("   %s", command(flow, live.name))
    if not found.causes:
        log.info(found.headline)
    return found


@step
def present_task_definition(live: LiveEnvironment) -> str:
    """Return the task definition that the service is on."""
    return live.service.require().task_definition


@retried_step
def find_rollback_path(live: LiveEnvironment, present: str, requested: str | None) -> RollbackPath:
    """Choose the release to go back to, which can still run, and find what lies between.

    A way back that an earlier, killed run began goes on: the release before that one would lead forward. One
    that it had ended, and told nobody of, is not gone a second time.
    """
    opened = live.releases.open_rollout()
    under_way = opened is not None and opened.kind == "rollback" and opened.release.task_definition == present
    if opened is not None and under_way and requested is None:
        requested = opened.release.name
    if requested is None and (done := _untold(live, present)):
        get_run_logger().warning(
            "Run %s went back to %s and was killed before it said so: this one says it. The next goes on.",
            done.flow_run,
            done.release,
        )
        requested = done.release
    unusable = partial(why_unusable, live.access, live.outputs.repository_name)
    records = live.releases.back_to_good()
    chosen = choose_rollback(records, present, unusable, requested)
    path = plan_rollback(records, present, chosen, live.schema.since(chosen.started_at))
    get_run_logger().info(path.goes)
    return path


def _untold(live: LiveEnvironment, present: str) -> ReleaseRecord | None:
    """Return the newest record where it is a way back to what runs, of a run that was killed after it."""
    record = next(iter(live.releases.newest(1)), None)
    if record is None or record.task_definition != present or not record.outcome.good:
        return None
    return record if record.kind == "rollback" and not has_told(live, record) else None


@step
def show_rollback_path(live: LiveEnvironment, path: RollbackPath) -> None:
    """Show where the service is about to go, which commits that undoes, and which migrations stay."""
    show_page(live, "rollback", as_markdown(path.told), f"{live.name}: {path.goes}")
    for line in filter(None, path.told.splitlines()[1:]):
        get_run_logger().info(line)


@retried_step
def show_history(live: LiveEnvironment, limit: int) -> list[dict[str, str]]:
    """Show the newest releases as a table: which runs, and to which the service can go back."""
    records = live.releases.newest(limit)
    present = _present(live)
    changes = live.schema.since(min(item.started_at for item in records)) if records else []
    rows = history_rows(records, present, _unusable(live, records, present), changes)
    for row in rows:
        get_run_logger().info(
            "%s %s %s %s in %s; %s",
            row["when (UTC)"],
            row["release"],
            row["kind"],
            row["outcome"],
            row["took"],
            "runs now" if row["runs"] else f"roll back to it: {row['roll back to']}",
        )
    show_table(live, "history", rows, f"The last {len(rows)} releases of {live.name}")
    return rows


def _present(live: LiveEnvironment) -> str | None:
    """Return the task definition that the service is on; None where that cannot be told."""
    try:
        found = live.service.describe()
    except AwsError as error:
        get_run_logger().warning("What runs cannot be told: %s", error)
        return None
    return found.task_definition if found else None


def _unusable(
    live: LiveEnvironment, records: list[ReleaseRecord], present: str | None
) -> dict[str, str | None]:
    asked = {item.task_definition: item for item in records if item.outcome.good}
    return {
        arn: why_unusable(live.access, live.outputs.repository_name, item)
        for arn, item in asked.items()
        if arn != present
    }
