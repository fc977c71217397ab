"""What must be empty before Terraform can destroy it (pure)."""

from dataclasses import dataclass
from typing import Literal

from pipeline.terraform.document import Action, PlanDocument

Kind = Literal["aws_s3_bucket", "aws_ecr_repository"]
_KINDS: tuple[Kind, ...] = ("aws_s3_bucket", "aws_ecr_repository")


@dataclass(frozen=True)
class Container:
    """A bucket or repository that a plan destroys."""

    address: str
    kind: Kind
    name: str
    """Name of the bucket or repository."""


def containers(document: PlanDocument) -> tuple[Container, ...]:
    """Return what the plan deletes and AWS deletes only when it is empty.

    The plan knows it from the state, so nothing else is ever named.
    """
    return tuple(
        Container(change.address, kind, change.identity)
        for kind in _KINDS
        for change in document.changes
        if change.type == kind and change.managed and change.action is Action.DELETE and change.identity
    )
