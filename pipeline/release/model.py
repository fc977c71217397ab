"""What is written down about a release. Times are aware UTC datetimes."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from pipeline.ecs.outcome import Outcome


class ReleaseRecord(BaseModel):
    """The end of one deployment or rollback. Records are appended, never changed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    release: str
    outcome: Outcome
    message: str
    kind: str
    """deploy, rollback or restart."""
    task_definition: str
    image: str
    """Image pinned by digest."""
    image_digest: str
    deployment_id: str
    previous_task_definition: str | None = None
    revision: str = ""
    """Commit or content hash of the source."""
    ref: str = ""
    irreversible: bool = False
    """Whether the release before cannot be expected to run on what its migrations made of the database."""
    migrations: tuple[str, ...] = ()
    """The migrations that ran for it, ``app.name``."""
    backup: str = ""
    """Key of the database's backup made right before them."""
    started_at: datetime
    ended_at: datetime
    durations: dict[str, float] = {}
    """Seconds per step."""
    by: str = ""
    """Who asked for it."""
    flow_run: str = ""


class OpenAttempt(BaseModel):
    """A rollout that has begun and of which no record tells the end yet.

    Written before UpdateService (``deployment_id`` None) and again with the id of its response: a run that
    was killed in between finds out from the task definition.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    release: str
    task_definition: str
    image_digest: str
    deployment_id: str | None = None
    previous_deployment_id: str | None = None
    previous_task_definition: str | None = None
    previous_image_digest: str | None = None
    started_at: datetime
    flow_run: str = ""


class SchemaChange(BaseModel):
    """Migrations that were run for a release.

    Written right before they run, because the database stays changed whatever becomes of the run or the
    release; corrected where they fail.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    release: str
    task_definition: str
    at: datetime
    migrations: tuple[str, ...]
    """``app.name`` in their order."""
    irreversible: dict[str, str] = {}
    """Those of them under which the release before cannot be expected to run, with the reason."""
    backup: str = ""
    """Key of the database's backup made right before; "" where there was no database yet."""
    flow_run: str = ""
