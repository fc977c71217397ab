"""One-off tasks of a release: its smoke test and its migrations."""

from datetime import timedelta

from prefect.logging import get_run_logger

from pipeline.delivery.command import join_command, run_command
from pipeline.delivery.evidence import TaskLogs
from pipeline.delivery.smoke_test import run_smoke_test
from pipeline.ecs.oneoff import OneOff
from pipeline.health.model import Probe
from pipeline.live import LiveEnvironment
from pipeline.migrations.model import Migration, irreversible, is_complete, read_survey, survey_command
from tasks.support import step


@step
def smoke_test_release(live: LiveEnvironment, release: str, task_definition: str, timeout: timedelta) -> str:
    """Run the release as one task outside the service, and see that it becomes healthy."""
    environment = live.settings
    seconds = timeout.total_seconds()

    def probe_at(address: str) -> Probe:
        url = f"http://{address}:{live.outputs.container_port}{environment.health_path}"
        return Probe(url=url, release=release, in_a_row=2, window=seconds)

    message = run_smoke_test(
        live.one_off_tasks,
        _one_off(live, task_definition, "smoke-test"),
        TaskLogs(live.access, live.outputs.log_group),
        probe_at if environment.reaches_tasks else None,
        seconds,
        get_run_logger().info,
    )
    get_run_logger().info(message)
    return message


@step
def find_pending_migrations(
    live: LiveEnvironment, task_definition: str, timeout: timedelta
) -> tuple[Migration, ...]:
    """Ask the release's own Django, in a one-off task, which of its migrations the database lacks."""
    log, tasks = get_run_logger(), live.one_off_tasks
    seconds = timeout.total_seconds()
    # A migration that a run which was killed has left at work would be told as pending.
    join_command(tasks, _one_off(live, task_definition, "migrate").started_by, seconds, log.info)
    lines = run_command(
        tasks,
        _one_off(live, task_definition, "survey", survey_command()),
        TaskLogs(live.access, live.outputs.log_group),
        seconds,
        log.info,
        is_complete,
    )
    pending = read_survey(lines)
    reasons = irreversible(pending)
    log.info("%d migrations are pending", len(pending))
    for item in pending:
        reason = reasons.get(item.label)
        log.info("Pending: %s%s", item.label, f", irreversible: {reason}" if reason else "")
    return pending


@step
def migrate_database(live: LiveEnvironment, task_definition: str, timeout: timedelta) -> None:
    """Run the release's Django migrations as a one-off task; a failure carries its last log lines."""
    log = get_run_logger()
    command = ("python", "manage.py", "migrate", "--noinput")
    lines = run_command(
        live.one_off_tasks,
        _one_off(live, task_definition, "migrate", command),
        TaskLogs(live.access, live.outputs.log_group),
        timeout.total_seconds(),
        log.info,
    )
    for line in lines:
        log.info(line)


def _one_off(
    live: LiveEnvironment, task_definition: str, purpose: str, command: tuple[str, ...] | None = None
) -> OneOff:
    return OneOff(
        cluster=live.outputs.cluster,
        task_definition=task_definition,
        container=live.outputs.container,
        # Not the flow run's id: a run that takes over from one that was killed shall know its tasks. ECS
        # documents letters, digits, hyphens, slashes and underscores only.
        started_by=f"{purpose}-{task_definition.rsplit('/', 1)[-1].replace(':', '-')}",
        command=command,
        subnets=live.outputs.subnet_ids,
        security_groups=live.outputs.security_group_ids,
    )
