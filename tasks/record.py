"""Writes down how a release ended and which migrations ran, and shows its page."""

from collections.abc import Sequence
from contextlib import suppress
from textwrap import shorten
from typing import Any
from uuid import UUID

import httpx
from prefect.artifacts import create_link_artifact
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.aws.errors import AwsError
from pipeline.clock import utc_now
from pipeline.delivery.model import tell_failure
from pipeline.delivery.start import end_rollout
from pipeline.ecs.model import EcsError, Outcome, revision_name
from pipeline.ecs.task_definition import RELEASE_TAG
from pipeline.live import LiveEnvironment
from pipeline.log_cause import as_markdown
from pipeline.migrations.model import Migration, irreversible
from pipeline.release.model import Release, ReleaseRecord, Rollout, SchemaChange, requested_by
from pipeline.release.rollback import was_good
from tasks.support import retried_step, show_page, step

_CAUSE_LIMIT = 70
"""Characters of a cause in a run's name."""


@step
def name_run(live: LiveEnvironment, release: str, asked: str = "") -> None:
    """Name the present run ``staging: 1f2e3d (v1.2)``; a server that is away keeps no run from its work."""
    if flow_run.id is None:
        return
    name = f"{live.name}: {release}{f' ({asked})' if asked not in ('', release) else ''}"
    with suppress(httpx.HTTPError, PrefectException), get_client(sync_client=True) as client:
        client.update_flow_run(UUID(flow_run.id), name=name)


def add_to_name(cause: str) -> None:
    """Put the cause behind the run's name: lists and the head of its page show nothing else of its state."""
    if flow_run.id is None:
        return
    with suppress(httpx.HTTPError, PrefectException), get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(flow_run.id))
        client.update_flow_run(run.id, name=f"{run.name}: {shorten(cause, _CAUSE_LIMIT, placeholder=' …')}")


@step
def report_release(live: LiveEnvironment, release: Release | None, outcome: Outcome, message: str) -> str:
    """Write the run's end as artifacts: what became of the release and what runs now, and a link.

    Returns the message; that of a failure says what runs now and what to do.
    """
    page, now = live.page, _what_runs(live)
    if not outcome.good:
        message = tell_failure(message, now, outcome.advice)
    name, commit = (release.name, release.commit) if release else ("", "")
    repository, _, digest = release.image.partition("@") if release else ("", "", "")
    show_page(
        live,
        "release",
        (
            f"## {outcome}: {f'release `{name}`' if release else 'nothing was deployed'}\n\n"
            + (f"Runs now: {now}\n\n" if outcome.good else "")
            + f"{as_markdown(message)}\n\n"
            f"- environment: {live.name}\n- commit: {as_markdown(commit or 'none')}\n"
            f"- image: {repository or 'none'}\n- digest: {f'`{digest}`' if digest else 'none'}\n"
            f"- packages: {_bill_of(live, release)}\n"
            f"- service: {live.outputs.service} in {live.outputs.cluster}\n- address: {page}\n"
        ),
        f"How the deployment of {name or 'a release'} to {live.name} ended",
    )
    create_link_artifact(
        key=f"application-{live.name}",
        link=page,
        link_text=f"Application in {live.name}",
        description=f"Where {live.name} answers",
    )
    return message


def _bill_of(live: LiveEnvironment, release: Release | None) -> str:
    if release and release.bill:
        return f"`s3://{live.outputs.backup_bucket}/{release.bill}`"
    return as_markdown((release and release.no_bill) or "not listed")


def _what_runs(live: LiveEnvironment) -> str:
    """Ask the service; the end of a run is told although that may fail."""
    try:
        service = live.service.require()
        _, tags = live.task_definitions.read(service.task_definition)
    except (AwsError, EcsError) as error:
        return f"could not be told: {error}"
    running = service.primary.running if service.primary else 0
    name = next((tag["value"] for tag in tags if tag["key"] == RELEASE_TAG), "none yet")
    family = revision_name(service.task_definition)
    return f"release {name} ({family}), {running} of {service.desired} tasks"


@retried_step
def note_migrations(
    live: LiveEnvironment,
    release: str,
    task_definition: str,
    pending: tuple[Migration, ...],
    backup: str,
    *,
    first: bool = False,
) -> SchemaChange:
    """Write down which migrations are about to run, and which of them cannot be reversed.

    Before the ``first`` release none is irreversible: there is nothing to go back to.
    """
    change = SchemaChange(
        release=release,
        task_definition=task_definition,
        at=utc_now(),
        migrations=tuple(item.label for item in pending),
        irreversible={} if first else irreversible(pending),
        backup=backup,
        flow_run=str(flow_run.id or ""),
    )
    live.schema.write(change)
    if change.irreversible:
        get_run_logger().warning(
            "%s irreversible: no automatic rollback from here on without a person's decision",
            ", ".join(change.irreversible),
        )
    return change


@retried_step
def correct_migrations(
    live: LiveEnvironment, change: SchemaChange, left: tuple[Migration, ...]
) -> SchemaChange:
    """Write down what did run, after a failure that left some of the migrations pending."""
    pending = {item.label for item in left}
    ran = change.model_copy(
        update={
            "migrations": tuple(label for label in change.migrations if label not in pending),
            "irreversible": {key: why for key, why in change.irreversible.items() if key not in pending},
        }
    )
    live.schema.write(ran)
    get_run_logger().warning(
        "%d of %d migrations ran: %s", len(ran.migrations), len(change.migrations), ", ".join(ran.migrations)
    )
    return ran


@retried_step
def find_own_changes(live: LiveEnvironment, task_definition: str) -> tuple[SchemaChange, ...]:
    """Find the irreversible migrations that ran for this very release."""
    found = live.schema.of(task_definition)
    return tuple(item for item in found if item.irreversible)


@retried_step
def record_release(
    live: LiveEnvironment,
    rollout: Rollout,
    *,
    kind: str,
    outcome: Outcome,
    message: str,
    durations: dict[str, float],
    left: Sequence[str] = (),
) -> ReleaseRecord:
    """Append the record of a rollout's end and close the rollout under way. Safe to repeat.

    ``left`` names the migrations that were to stay pending.
    """
    release = rollout.release
    changes = live.schema.of(release.task_definition)
    record = ReleaseRecord(
        release=release.name,
        outcome=outcome,
        message=message,
        kind=kind,
        task_definition=release.task_definition,
        image=release.image,
        image_digest=release.digest,
        deployment_id=rollout.deployment_id,
        previous_task_definition=rollout.previous.task_definition if rollout.previous else None,
        revision=release.revision,
        ref=release.ref,
        commit=release.commit,
        **_migrated(changes),
        left=tuple(left),
        started_at=rollout.started_at,
        ended_at=utc_now(),
        durations=durations,
        by=_requested_by(),
        bill=release.bill,
        no_bill=release.no_bill,
        flow_run=str(flow_run.id or ""),
    )
    if outcome is not Outcome.NO_CHANGE or not was_good(live.releases.newest(1), release.task_definition):
        key = live.releases.append(record)
        get_run_logger().info("Recorded %s of %s as %s", kind, release.name, key)
    end_rollout(live.service, live.releases, rollout)
    return record


def _migrated(changes: Sequence[SchemaChange]) -> dict[str, Any]:
    """Return what a record says of the migrations that ran for its release; ``changes`` are newest first."""
    labels = (label for item in reversed(changes) for label in item.migrations)
    return {
        "irreversible": any(item.irreversible for item in changes),
        "migrations": tuple(dict.fromkeys(labels)),  # noted twice where a run was killed before they ran
        "backup": changes[-1].backup if changes else "",
    }


def _requested_by() -> str:
    if flow_run.id is None:
        return ""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(flow_run.id))
    creator = run.created_by
    name, kind = (creator.display_value, creator.type) if creator else ("", "")
    return requested_by(name or "", kind or "", run.labels, run.auto_scheduled)
