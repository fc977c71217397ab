"""Tries a revision outside of the service: survey, commands, smoke test."""

import logging
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from prefect.logging import get_run_logger

from pipeline.delivery.evidence import TaskLogs
from pipeline.delivery.model import probes_of
from pipeline.delivery.one_off import SMOKE_TEST, ask_rehearsal, await_left, run_command, stop_left
from pipeline.delivery.smoke_test import SmokeTest, is_fit
from pipeline.ecs.model import OneOffTaskError, Task, revision_name
from pipeline.ecs.oneoff import OneOff, run_task_request
from pipeline.ecs.registry import Revision
from pipeline.health.model import Probe
from pipeline.live import LiveEnvironment
from pipeline.migrations.model import (
    Survey,
    irreversible,
    is_complete,
    read_survey,
    rehearsal_command,
    survey_command,
)
from tasks.support import step


@step
def begin_rehearsal(
    live: LiveEnvironment, revision: Revision, timeout: timedelta, *, waits: bool = False
) -> Task | None:
    """Start one task that surveys and, where nothing is pending, goes on as the release itself.

    Where it ``waits``, the task awaits migrations that are about to start, and reports nothing. None
    where its command would be too long for ECS.
    """
    log, tasks, seconds = get_run_logger(), live.one_off_tasks, int(timeout.total_seconds())
    command = rehearsal_command(live.settings.django.manage, revision.start, seconds if waits else 0)
    requested = _one_off(live, revision.arn, SMOKE_TEST.removesuffix("-"), command)
    try:
        run_task_request(requested)
    except OneOffTaskError as error:
        log.info("Survey and smoke test have a task each: %s", error)
        return None
    if not waits:
        stop_left(tasks, log.info, SMOKE_TEST)
        await_left(tasks, seconds, log.info, "migrate-")  # else they count as pending, and run twice
    task = tasks.start(requested)
    does = "waits for the migrations" if waits else "surveys"
    log.info("Task %s starts: it %s, and is the smoke test where nothing is pending", task.id, does)
    return task


@step
def end_rehearsal(live: LiveEnvironment, task: Task) -> None:
    """Stop the task, if it has not ended by itself."""
    live.one_off_tasks.stop(task.arn, "Rehearsal finished")


@step
def survey_release(
    live: LiveEnvironment,
    task_definition: str,
    timeout: timedelta,
    *,
    first: bool = False,
    rehearsal: Task | None = None,
) -> Survey:
    """Ask the release's own Django, in a one-off task, for its databases and what the main one lacks.

    A ``rehearsal`` is a task that tells it already.
    """
    log, seconds, tasks = get_run_logger(), timeout.total_seconds(), live.one_off_tasks
    logs = TaskLogs(live.access, live.outputs.log_group)
    requested = _one_off(live, task_definition, "survey", survey_command(live.settings.django.manage))
    if rehearsal is None:
        await_left(tasks, seconds, log.info, "migrate-")  # else they count as pending, and run twice
        lines = run_command(tasks, requested, logs, seconds, log.info, log.warning, is_complete)
    else:
        lines = ask_rehearsal(tasks, rehearsal, requested, logs, seconds, log.warning, is_complete)
    found = read_survey(lines)
    reasons = {} if first else irreversible(found.pending)  # there is no release to go back to
    for database in found.databases:
        log.info("Database %s: %s %s", database.alias, database.vendor, database.path)
    for check in found.checks:
        log.log(logging.ERROR if check.serious else logging.WARNING, "Django's check: %s", check.line)
    log.info("%d migrations are pending", len(found.pending))
    for item in found.pending:
        reason = reasons.get(item.label)
        log.info("Pending: %s%s", item.label, f", irreversible: {reason}" if reason else "")
    return found


@step
def smoke_test_release(
    live: LiveEnvironment,
    release: str,
    task_definition: str,
    timeout: timedelta,
    rehearsal: Task | None = None,
    *,
    waited: bool = False,
) -> str:
    """Run the release as one task outside the service, and see that it becomes healthy.

    A ``rehearsal`` is a task that has gone on as the release, and is left to whoever started it; one that has
    ``waited`` too long to be judged by its health is not taken.
    """
    environment, log = live.settings, get_run_logger()
    seconds = timeout.total_seconds()

    def probes_at(address: str) -> tuple[Probe, ...]:
        base = f"http://{address}:{live.outputs.container_port}"
        codes, host = environment.accepted_codes, urlsplit(live.page).netloc
        asked = Probe(
            f"{base}{environment.health_path}",
            release=release,
            codes=codes,
            in_a_row=2,
            window=seconds,
            place="the smoke-test task's ",
        )
        health, *pages = probes_of(asked, environment)
        return (health, *(replace(page, host=host, https=True) for page in pages))

    if rehearsal is not None and waited and not is_fit(live.one_off_tasks, rehearsal):
        rehearsal = None
    message = SmokeTest(
        tasks=live.one_off_tasks,
        requested=_one_off(live, task_definition, SMOKE_TEST.removesuffix("-")),
        logs=TaskLogs(live.access, live.outputs.log_group),
        probes_at=probes_at if environment.reaches_tasks else None,
        timeout=seconds,
        port=live.outputs.container_port,
        report=log.info,
        warn=log.warning,
    ).run(rehearsal)
    log.info(message)
    return message


@step
def await_migrations(live: LiveEnvironment, timeout: timedelta) -> None:
    """Wait for the end of a migration, of whichever release, that a run which was killed left at work."""
    await_left(live.one_off_tasks, timeout.total_seconds(), get_run_logger().info, "migrate-")


@step
def run_management_command(
    live: LiveEnvironment, task_definition: str, purpose: str, command: tuple[str, ...], timeout: timedelta
) -> None:
    """Run a command of the release as a one-off task; a failure carries its last log lines."""
    log = get_run_logger()
    lines = run_command(
        live.one_off_tasks,
        _one_off(live, task_definition, purpose, command),
        TaskLogs(live.access, live.outputs.log_group),
        timeout.total_seconds(),
        log.info,
        log.warning,
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
        started_by=f"{purpose}-{revision_name(task_definition).replace(':', '-')}",
        command=command,
        subnets=live.outputs.subnet_ids,
        security_groups=live.outputs.security_group_ids,
    )
