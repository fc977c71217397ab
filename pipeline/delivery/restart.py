"""Decides whether the service's tasks must start anew to read the secret's values. Pure."""

from collections.abc import Iterable
from datetime import datetime

from pipeline.ecs.errors import RolloutInProgressError
from pipeline.ecs.model import Service
from pipeline.errors import PipelineError
from pipeline.release.model import ReleaseRecord


class RestartError(PipelineError):
    """The service cannot be restarted."""


def choose_restart(
    service: Service, written: datetime | None, records: Iterable[ReleaseRecord]
) -> ReleaseRecord | None:
    """Return the release to start anew, or None where all tasks began after the values were ``written``.

    What counts is when PRIMARY began: a run that was killed after writing is made good by the next one, and
    one that is repeated restarts nothing. ``records`` come newest first.

    Raises:
        RolloutInProgressError: a rollout is under way.
        RestartError: no recorded good release runs, so nothing says what would be proven.
    """
    primary = service.primary
    if primary is None or service.desired == 0 or written is None or primary.created_at > written:
        return None
    if primary.rollout_state == "IN_PROGRESS":
        raise RolloutInProgressError(
            f"Deployment {primary.id} is rolling out since before the values were written. The values are in "
            "Secrets Manager; run sync-secrets with restart again when the rollout has ended."
        )
    for record in records:
        if record.outcome.good and record.task_definition == primary.task_definition:
            return record
    raise RestartError(
        f"{primary.task_definition} is not a release that was recorded as good, so it is not restarted. "
        "The values are in Secrets Manager; run deploy-application to put them into use."
    )
