"""Reads and registers task definitions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.ecs.task_definition import (
    Definition,
    RevisionRequest,
    next_revision,
    same,
    to_request,
)

if TYPE_CHECKING:
    from botocore.model import StructureShape
    from mypy_boto3_ecs.type_defs import TagTypeDef, TaskDefinitionTypeDef


@dataclass(frozen=True)
class Revision:
    """A registered task definition: its ARN, what it was made from, and both in full for a diff."""

    arn: str
    created: bool
    """False where an equal definition was registered already."""
    live_arn: str
    live: Definition
    requested: Definition
    start: tuple[str, ...] = ()
    """All words that its container is started with."""

    @property
    def is_live(self) -> bool:
        """Whether the service is on this revision, or on its way to it."""
        return self.arn == self.live_arn


class TaskDefinitions:
    """The task definitions of one account and region."""

    def __init__(self, access: AwsAccess) -> None:
        self._ecs = access.client("ecs")

    def read(self, arn: str) -> tuple["TaskDefinitionTypeDef", list["TagTypeDef"]]:
        """Return the described task definition and its tags."""
        with calling(f"Describing task definition {arn}"):
            answer = self._ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
        return answer["taskDefinition"], answer.get("tags", [])

    def request_for(self, arn: str) -> Definition:
        """Return what registers this task definition again."""
        described, tags = self.read(arn)
        return to_request(described, tags, self.accepted_fields())

    def accepted_fields(self) -> tuple[str, ...]:
        """Return the fields of RegisterTaskDefinition, from botocore's service model."""
        model = self._ecs.meta.service_model.operation_model("RegisterTaskDefinition")
        return tuple(cast("StructureShape", model.input_shape).members)

    def is_active(self, arn: str) -> bool:
        """Whether a service may still be moved to this revision."""
        return bool(self.read(arn)[0].get("status") == "ACTIVE")

    def derive(self, live_arn: str, release: RevisionRequest) -> Revision:
        """Register the revision of a release; a live or equal revision is used as it is."""
        live = self.request_for(live_arn)
        base = live if release.template in (None, live_arn) else self.request_for(str(release.template))
        requested = next_revision(base, release)
        existing = self._find_equal(requested, live_arn, live)
        if existing is not None:
            return Revision(existing, created=False, live_arn=live_arn, live=live, requested=requested)
        return Revision(
            self._register(requested), created=True, live_arn=live_arn, live=live, requested=requested
        )

    def _find_equal(self, requested: Definition, live_arn: str, live: Definition) -> str | None:
        """Find an equal revision: the live one, or the newest (registered by a run that was killed)."""
        if same(requested, live):
            return live_arn
        newest = self._newest(str(requested["family"]))
        if newest is not None and newest != live_arn and same(requested, self.request_for(newest)):
            return newest
        return None

    def _newest(self, family: str) -> str | None:
        with calling(f"Listing the revisions of {family}"):
            answer = self._ecs.list_task_definitions(familyPrefix=family, sort="DESC", maxResults=10)
        arns = [
            arn for arn in answer["taskDefinitionArns"] if arn.rsplit("/", 1)[-1].rsplit(":", 1)[0] == family
        ]
        return arns[0] if arns else None

    def _register(self, requested: Definition) -> str:
        with calling(f"Registering a revision of task definition {requested['family']}"):
            answer = self._ecs.register_task_definition(**requested)
        return str(answer["taskDefinition"]["taskDefinitionArn"])
