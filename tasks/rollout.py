"""Carries a revision into the service and watches it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.clock import utc_now
from pipeline.delivery.evidence import collect_evidence
from pipeline.delivery.model import Evidence
from pipeline.delivery.start import RolloutRequest, Started, start_rollout
from pipeline.ecs.model import revision_name
from pipeline.ecs.registry import Revision
from pipeline.ecs.rollout import Verdict
from pipeline.ecs.task_definition import RevisionRequest, differences
from pipeline.ecs.watch import watch
from pipeline.image.config import started_command
from pipeline.image.registry import read_config
from pipeline.image.request import ImageError
from pipeline.live import LiveEnvironment
from pipeline.recovery.record import require_none_open
from pipeline.release.model import Release, Rollout
from pipeline.release.rollback import was_good
from tasks.support import retried_step, show_page, step


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
    (container,) = (
        item for item in revision.requested["containerDefinitions"] if item["name"] == requested.container
    )
    revision = replace(revision, start=started_command(config, container))
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

    That is so as well where the gates have found it bad before ECS has come to an end with it.

    Return what was done; "" where something good may run.
    """
    service = live.service.require()
    failed = service.primary is not None and service.primary.rollout_state != "COMPLETED"
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
        warn=get_run_logger().warning,
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
