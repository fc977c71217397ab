"""Carries a revision into the service and watches it."""

from datetime import timedelta
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.aws.errors import AwsError
from pipeline.clock import utc_now
from pipeline.delivery.evidence import collect_evidence, read_alarms, with_alarms
from pipeline.delivery.model import Evidence, GateSettings, Verification
from pipeline.delivery.start import RolloutRequest, Started, start_rollout
from pipeline.delivery.verify import verify, verify_running
from pipeline.ecs.registry import Revision
from pipeline.ecs.rollout import Verdict
from pipeline.ecs.task_definition import RevisionRequest, differences
from pipeline.ecs.watch import watch
from pipeline.live import LiveEnvironment
from pipeline.recovery.record import require_none_open
from pipeline.release.model import Release, Rollout
from tasks.support import retried_step, show_page, step


@step
def check_running_release(live: LiveEnvironment) -> Verification:
    """Put the running release through the gates of a rollout, without the soak."""
    found = verify_running(
        live.service,
        live.outputs,
        live.probe(),
        GateSettings(window=10, soak=0),
    )
    get_run_logger().info("%s: %s", found.outcome, found.message)
    return found


@retried_step
def register_revision(live: LiveEnvironment, release: Release) -> Revision:
    """Register the revision of a release, made from the live one; an equal one is not registered again."""
    present = live.service.require().task_definition
    wanted = RevisionRequest(
        name=release.name,
        container=live.outputs.container,
        image=release.image,
        environment={**live.settings.variables, "RELEASE": release.name},
        template=live.outputs.task_definition_arn,
    )
    revision = live.task_definitions.derive(present, wanted)
    how = "registered" if revision.created else "is registered already"
    lines = differences(revision.live, revision.wanted)
    changed = sum(line[0] in "+-" for line in lines[2:])  # after the two lines that head a diff
    name = revision.arn.rsplit("/", 1)[-1]
    get_run_logger().info("%s %s, %d lines other than live", name, how, changed)
    if lines:
        show_page(
            live,
            "task-definition",
            f"## {name} against {present.rsplit('/', 1)[-1]}\n\n```diff\n" + "\n".join(lines) + "\n```",
            f"What release {release.name} changes in the task definition of {live.name}",
        )
    return revision


@step
def begin_rollout(
    live: LiveEnvironment,
    release: Release,
    timeout: timedelta,
    take_over: bool = False,
    *,
    force: bool = False,
) -> Started:
    """Update the service, or re-attach to the rollout that an earlier run of this release began."""
    require_none_open(live)
    wanted = RolloutRequest(
        release=release,
        container=live.outputs.container,
        desired_count=live.outputs.desired_count,
        timeout=timeout,
        take_over=take_over,
        flow_run=str(flow_run.id or ""),
        force=force,
    )
    started = start_rollout(live.service, live.releases, wanted, utc_now())
    get_run_logger().info("Deployment %s: %s", started.rollout.deployment_id, started.kind)
    return started


@step
def watch_rollout(live: LiveEnvironment, started: Started) -> Verdict:
    """Watch until the rollout is ready for the gates or has ended; the artifact shows how far it is."""
    name = started.rollout.release.task_definition.rsplit("/", 1)[-1]
    artifact = create_progress_artifact(
        progress=0.0, key=f"rollout-{live.name}", description=f"Tasks of {name} that run in {live.name}"
    )
    return watch(
        live.service,
        started.rollout,
        started.deadline,
        get_run_logger().info,
        progress=lambda share: _show(artifact, share),  # type: ignore[arg-type] # sync in a sync task
    )


def _show(artifact: UUID, share: float) -> None:
    """Move the bar; it decides nothing, so a Prefect server that is away does not end the watch."""
    try:
        update_progress_artifact(artifact, share * 100)
    except (httpx.HTTPError, PrefectException) as error:
        get_run_logger().debug("The progress could not be shown: %s", error)


@step
def verify_release(live: LiveEnvironment, rollout: Rollout, soak: bool) -> Verification:
    """Go through the gates: tasks, target health, HTTP answers; for what is new a soak, and quiet alarms."""
    found = verify(
        live.service,
        rollout.deployment_id,
        rollout.release.digest,
        live.outputs.container,
        live.outputs.target_group_arns,
        live.probe(rollout.release.name),
        GateSettings() if soak else GateSettings(soak=0),
    )
    if soak:
        found = _read_alarms(live, found, rollout)
    get_run_logger().info("%s: %s", found.outcome, found.message)
    return found


def _read_alarms(live: LiveEnvironment, found: Verification, rollout: Rollout) -> Verification:
    try:
        alarms = read_alarms(live.access, live.outputs.alarm_names)
    except AwsError as error:
        get_run_logger().warning("The alarms say nothing for or against this release: %s", error)
        return found
    return with_alarms(found, alarms, rollout.started_at)


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
