"""Refuses plans that would destroy what holds data (pure)."""

from collections.abc import Collection
from dataclasses import dataclass

from pipeline.terraform.document import Action, PlanDocument, ResourceChange

PROTECTED_TYPES: frozenset[str] = frozenset(
    {
        "aws_acm_certificate",
        "aws_backup_vault",
        "aws_cloudwatch_log_group",
        "aws_db_instance",
        "aws_dynamodb_table",
        "aws_ebs_volume",
        "aws_ecr_repository",
        "aws_efs_file_system",
        "aws_kms_key",
        "aws_rds_cluster",
        "aws_route53_zone",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
    }
)
"""Types whose loss loses data, names or trust that nobody can make again."""


@dataclass(frozen=True)
class Loss:
    """One protected resource that the plan would destroy or replace."""

    address: str
    type: str
    action: Action

    def __str__(self) -> str:
        return f"{self.address} would be {'replaced' if self.action is Action.REPLACE else 'destroyed'}"


@dataclass(frozen=True)
class GuardVerdict:
    """What the guard found."""

    refused: tuple[Loss, ...]
    """Losses that nobody allowed."""
    allowed: tuple[Loss, ...]
    """Losses that were allowed for this run."""
    unused: tuple[str, ...]
    """Allowances that name nothing which this plan destroys: mistyped, or from another plan."""

    @property
    def passed(self) -> bool:
        """Whether the plan may go on."""
        return not self.refused

    @property
    def sentence(self) -> str:
        """The verdict, and what to do next, as text."""
        if self.passed:
            return "Nothing that holds data is lost." if not self.allowed else _lines("Allowed", self.allowed)
        listed = ", ".join(repr(loss.address) for loss in self.refused)
        advice = (
            f"If that is meant, back the data up and run again allowing exactly these addresses: {listed}."
        )
        return f"{_lines('Refused, because it holds data', self.refused)}\n{advice}"


def guard(document: PlanDocument, allowed: Collection[str] = ()) -> GuardVerdict:
    """Judge a plan. ``allowed`` are full resource addresses, valid for this one run only."""
    destroyed = (change for change in document.changes if change.destroys)
    losses = [_loss(change) for change in destroyed if change.type in PROTECTED_TYPES]
    addresses = {loss.address for loss in losses}
    return GuardVerdict(
        refused=tuple(loss for loss in losses if loss.address not in allowed),
        allowed=tuple(loss for loss in losses if loss.address in allowed),
        unused=tuple(sorted(set(allowed) - addresses)),
    )


def _loss(change: ResourceChange) -> Loss:
    return Loss(change.address, change.type, change.action)


def _lines(title: str, losses: Collection[Loss]) -> str:
    return "\n".join([f"{title}:", *(f"  - {loss}" for loss in losses)])
