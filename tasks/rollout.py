"""Tries a revision, migrates, carries it into the service and watches it."""

import logging
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.clock import utc_now
from pipeline.delivery.evidence import (
    TaskLogs,
    collect_evidence,
)
from pipeline.delivery.model import Evidence, probes_of
from pipeline.delivery.one_off import SmokeTest, await_left, run_command
from pipeline.delivery.start import RolloutRequest, Started, start_rollout
from pipeline.ecs.model import revision_name
from pipeline.ecs.oneoff import OneOff
from pipeline.ecs.registry import Revision
from pipeline.ecs.rollout import Verdict
from pipeline.ecs.task_definition import RevisionRequest, differences
from pipeline.ecs.watch import watch
from pipeline.health.model import Probe
from pipeline.image.registry import read_config
from pipeline.image.request import ImageError
from pipeline.live import LiveEnvironment
from pipeline.migrations.model import Survey, irreversible, is_complete, read_survey, survey_code
from pipeline.recovery.record import require_none_open
from pipeline.release.model import Release, Rollout
from pipeline.release.rollback import was_good
from tasks.support import retried_step, show_page, step


@step
def smoke_test_release(live: LiveEnvironment, release: str, task_definition: str, timeout: timedelta) -> str:
    """Run the release as one task outside the service, and see that it becomes healthy."""
    environment = live.settings
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

    message = SmokeTest(
        tasks=live.one_off_tasks,
        requested=_one_off(live, task_definition, "smoke-test"),
        logs=TaskLogs(live.access, live.outputs.log_group),
        probes_at=probes_at if environment.reaches_tasks else None,
        timeout=seconds,
        port=live.outputs.container_port,
        report=get_run_logger().info,
    ).run()
    get_run_logger().info(message)
    return message


@step
def survey_release(
    live: LiveEnvironment, task_definition: str, timeout: timedelta, *, first: bool = False
) -> Survey:
    """Ask the release's own Django, in a one-off task, for its databases and what the main one lacks."""
    log, seconds = get_run_logger(), timeout.total_seconds()
    await_left(live.one_off_tasks, seconds, log.info, "migrate-")  # else told as pending, and begun twice
    lines = run_command(
        live.one_off_tasks,
        _one_off(
            live, task_definition, "survey", (*live.settings.django.manage, "shell", "-c", survey_code())
        ),
        TaskLogs(live.access, live.outputs.log_group),
        seconds,
        log.info,
        is_complete,
    )
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


@retried_step
def register_revision(live: LiveEnvironment, release: Release) -> Revision:
    """Register the revision of a release, made from Terraform's; an equal one is not registered again.

    Raises:
        ImageError: the image is of another commit, whose SHA begins as that of the release.
    """
    present = live.service.require().task_definition
    config = read_config(live.access, live.outputs.repository_name, release.digest, live.settings.registry)
    if release.revision and config.revision not in ("", release.revision):
        raise ImageError(
            f"The image of release {release.name} in the registry is of commit {config.revision}, and "
            f"{release.revision} is to be deployed: nothing was changed. Find out who made two commits that "
            "begin alike; then deploy one with another SHA (git commit --amend makes one)."
        )
    requested = RevisionRequest(
        name=release.name,
        container=live.outputs.container,
        image=release.image,
        environment={
            **live.settings.variables,
            **live.settings.django.environment,
            "RELEASE": release.name,
        },
        template=live.outputs.task_definition_arn,
        entrypoint=config.entrypoint,
        command=config.command,
    )
    revision = live.task_definitions.derive(present, requested)
    how = "registered" if revision.created else "is registered already"
    lines = differences(revision.live, revision.requested)
    changed = sum(line[0] in "+-" for line in lines[2:])  # after the two lines that head a diff
    name = revision_name(revision.arn)
    get_run_logger().info("%s %s, %d lines other than live", name, how, changed)
    if lines:
        show_page(
            live,
            "task-definition",
            f"## {name} against {revision_name(present)}\n\n```diff\n" + "\n".join(lines) + "\n```",
            f"What release {release.name} changes in the task definition of {live.name}",
        )
    return revision


@retried_step
def is_rehearsed(live: LiveEnvironment, revision: Revision) -> bool:
    """Whether the service is on the revision, and it was proven or is on its way: nothing has to be tried."""
    if not revision.is_live:
        return False
    opened = live.releases.open_rollout()
    on_its_way = opened is not None and opened.release.task_definition == revision.arn
    return on_its_way or was_good(live.releases.latest(), revision.arn)


@step
def begin_rollout(
    live: LiveEnvironment,
    release: Release,
    timeout: timedelta,
    take_over: bool = False,
    *,
    kind: str,
    force: bool = False,
) -> Started:
    """Update the service, or re-attach to the rollout that an earlier run of this release began.

    Where irreversible migrations ran for the release, ECS must not go back by itself: a person decides.
    """
    require_none_open(live)
    changes = live.schema.of(release.task_definition) if kind == "deploy" else []
    requested = RolloutRequest(
        release=release,
        container=live.outputs.container,
        desired_count=live.outputs.desired_count,
        timeout=timeout,
        take_over=take_over,
        flow_run=str(flow_run.id or ""),
        force=force,
        kind=kind,
        placeholder=live.outputs.task_definition_arn,
        asks_first=any(item.irreversible for item in changes),
    )
    started = start_rollout(live.service, live.releases, requested, utc_now())
    get_run_logger().info("Deployment %s: %s", started.rollout.deployment_id, started.kind)
    return started


@step
def stop_failed_first_release(live: LiveEnvironment) -> str:
    """Leave no tasks where the first release failed: ECS would start those of no image for ever.

    Return what was done; "" where something good may run.
    """
    service = live.service.require()
    failed = service.primary is not None and service.primary.rollout_state == "FAILED"
    placeholder = service.task_definition == live.outputs.task_definition_arn
    if live.releases.newest_good(1) or not service.desired or not (failed or placeholder):
        return ""
    live.service.scale(0)
    return "The service has no tasks until the next deployment."


@step
def watch_rollout(live: LiveEnvironment, started: Started, *, completed: bool = False) -> Verdict:
    """Watch until the rollout is ready for the gates or has ended; the artifact shows how far it is.

    With ``completed`` it is watched until ECS has completed it.
    """
    name = revision_name(started.rollout.release.task_definition)
    artifact = create_progress_artifact(
        progress=0.0, key=f"rollout-{live.name}", description=f"Tasks of {name} that run in {live.name}"
    )
    return watch(
        live.service,
        started.rollout,
        started.deadline,
        get_run_logger().info,
        progress=lambda share: _show(artifact, share),  # type: ignore[arg-type] # sync in a sync task
        completed=completed,
    )


def _show(artifact: UUID, share: float) -> None:
    """Move the bar; it decides nothing, so a Prefect server that is away does not end the watch."""
    try:
        update_progress_artifact(artifact, share * 100)
    except (httpx.HTTPError, PrefectException) as error:
        get_run_logger().debug("The progress could not be shown: %s", error)


@step
def evidence_of(live: LiveEnvironment, rollout: Rollout) -> Evidence:
    """Collect why a rollout failed, and log it."""
    found = collect_evidence(
        live.access, live.service, live.outputs, rollout.release.task_definition, rollout.started_at
    )
    log = get_run_logger()
    for line in found.lines():
        log.error(line)
    return found
