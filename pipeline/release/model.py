"""Records of a release. Times are aware UTC datetimes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, model_validator

from pipeline.ecs.model import Outcome
from pipeline.stored import word_or

BY_HAND = "by hand"


def requested_by(creator: str, creator_kind: str, labels: Mapping[str, Any], scheduled: bool) -> str:
    """Return who asked, as well as Prefect knows: a webhook, a named creator, a schedule, else a person.

    Args:
        creator: what Prefect shows of the run's creator; "" where it knows none.
        creator_kind: its kind, as AUTOMATION or SCHEDULE; "" where it knows none.
        labels: the run's labels; the webhook receiver writes ``webhook.*``.
        scheduled: whether Prefect's scheduler made the run.
    """
    repository, commit = labels.get("webhook.repository"), str(labels.get("webhook.commit") or "")
    if repository:
        return f"webhook: {repository} {commit[:12]}".rstrip()
    if creator:
        return f"{creator_kind.lower()} {creator}".strip()
    return "schedule" if scheduled else BY_HAND


class Release(BaseModel):
    """An image in the registry, and the task definition that runs it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    image: str
    """Image pinned by digest."""
    digest: str
    task_definition: str = ""
    """ARN of the revision; "" until one is registered."""
    revision: str = ""
    """Commit or content hash of the source."""
    ref: str = ""
    commit: str = ""
    """Subject and author of the commit."""
    bill: str = ""
    """Key of the image's bill of materials (SBOM)."""
    no_bill: str = ""
    """Why there is none."""


class Previous(BaseModel):
    """The release before a rollout."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    deployment_id: str
    task_definition: str
    image_digest: str | None


class Rollout(BaseModel):
    """The move of the service to a release: noted in S3 while it is under way, then part of a record.

    Noted before UpdateService (``deployment_id`` "") and again with the id of its response: a run that was
    killed in between finds out from the task definition.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    release: Release
    primary_before: str
    """Id of the PRIMARY deployment that it replaces."""
    previous: Previous | None
    """What ECS can roll back to; None where nothing ran."""
    started_at: datetime
    deployment_id: str = ""
    flow_run: str = ""
    kind: str = ""
    """deploy, rollback or restart; "" in a note of an earlier version."""
    definition_before: str = ""
    """Task definition of ``primary_before``, also where none of its tasks ran."""
    holds_rollback: bool = False
    """Whether ECS's own rollback is switched off until this rollout has ended."""

    @model_validator(mode="before")
    @classmethod
    def _read_flat(cls, data: Any) -> Any:
        """Read a note of an earlier version of the pipeline, whose fields were all on one level."""
        if not isinstance(data, dict) or not isinstance(data.get("release"), str):
            return data
        before, definition = data.get("previous_deployment_id") or "", data.get("previous_task_definition")
        digests = {"image_digest": data.get("previous_image_digest")}
        return {
            "release": {
                "name": data["release"],
                "image": "",
                "digest": data.get("image_digest"),
                "task_definition": data.get("task_definition"),
            },
            "primary_before": before,
            "previous": {"deployment_id": before, "task_definition": definition, **digests}
            if definition
            else None,
            "started_at": data.get("started_at"),
            "deployment_id": data.get("deployment_id") or "",
            "flow_run": data.get("flow_run", ""),
        }


class ReleaseRecord(BaseModel):
    """The end of one deployment or rollback. Records are appended, never changed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    release: str
    outcome: Annotated[Outcome, word_or(Outcome.UNKNOWN, *Outcome)]
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
    commit: str = ""
    """Subject and author of the commit."""
    irreversible: bool = False
    """Whether the release before cannot be expected to run on what its migrations made of the database."""
    migrations: tuple[str, ...] = ()
    """The migrations that ran for it, ``app.name``."""
    backup: str = ""
    """Key of the database's backup made right before them."""
    left: tuple[str, ...] = ()
    """Migrations that stayed pending, as the person who deployed it wanted."""
    started_at: datetime
    ended_at: datetime
    durations: dict[str, float] = {}
    """Seconds per step."""
    by: str = ""
    """Who asked for it."""
    bill: str = ""
    """Key of the image's bill of materials (SBOM), kept as long as the image is in the registry."""
    no_bill: str = ""
    """Why there is none."""
    flow_run: str = ""

    @property
    def as_release(self) -> Release:
        """The release, to be rolled out again."""
        return Release(
            name=self.release,
            image=self.image,
            digest=self.image_digest,
            task_definition=self.task_definition,
            revision=self.revision,
            ref=self.ref,
            commit=self.commit,
            bill=self.bill,
            no_bill=self.no_bill,
        )


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
