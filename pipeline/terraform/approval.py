"""Refuses plans that lose data, and binds an approval to the plan and state it was given for (pure)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from pipeline.terraform.document import Action, PlanDocument

PROTECTED_TYPES: frozenset[str] = frozenset(
    {
        "aws_acm_certificate",
        "aws_backup_vault",
        "aws_cloudwatch_log_group",
        "aws_db_instance",
        "aws_dynamodb_table",
        "aws_ebs_volume",
        "aws_ecr_repository",
        "aws_ecs_service",
        "aws_efs_file_system",
        "aws_kms_key",
        "aws_lb",
        "aws_rds_cluster",
        "aws_route53_record",
        "aws_route53_zone",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
    }
)
"""Types whose loss loses data, names or trust that nobody can make again, or leaves users unanswered."""


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
    """Verdict of the guard."""

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
            kept = "Nothing that holds data or answers users is lost."
            return _lines("Allowed", self.allowed) if self.allowed else kept
        listed = ", ".join(repr(loss.address) for loss in self.refused)
        advice = (
            f"If that is meant, back the data up and run again allowing exactly these addresses: {listed}."
        )
        return f"{_lines('Refused, because it holds data or answers users', self.refused)}\n{advice}"


def guard(document: PlanDocument, allowed: Collection[str] = ()) -> GuardVerdict:
    """Judge a plan. ``allowed`` are full resource addresses, valid for this one run only."""
    destroyed = (change for change in document.changes if change.destroys)
    losses = [
        Loss(change.address, change.type, change.action)
        for change in destroyed
        if change.type in PROTECTED_TYPES
    ]
    addresses = {loss.address for loss in losses}
    return GuardVerdict(
        refused=tuple(loss for loss in losses if loss.address not in allowed),
        allowed=tuple(loss for loss in losses if loss.address in allowed),
        unused=tuple(sorted(set(allowed) - addresses)),
    )


def _lines(title: str, losses: Collection[Loss]) -> str:
    return "\n".join([f"{title}:", *(f"  - {loss}" for loss in losses)])


@dataclass(frozen=True)
class PlanIdentity:
    """Identity of a plan and of the state that it is for."""

    environment: str
    sha256: str
    """Digest of the plan file."""
    serial: int
    """Serial of the state that the plan was made against; 0 when there was none."""
    lineage: str
    """Lineage of that state; "" when there was none."""


@dataclass(frozen=True)
class Approval:
    """A person's decision on a plan."""

    plan: PlanIdentity
    approved: bool
    by: str
    at: datetime
    """When the plan was shown for decision (timezone-aware); its validity counts from here."""
    valid_for: timedelta
    note: str = ""


class ApprovalState(Enum):
    """Whether the plan may be applied."""

    GRANTED = "granted"
    MISSING = "missing"
    REFUSED = "refused"
    EXPIRED = "expired"
    OTHER_PLAN = "given for another plan"
    STATE_CHANGED = "state changed"


@dataclass(frozen=True)
class ApprovalVerdict:
    """The answer, with its reason and what to do next."""

    state: ApprovalState
    reason: str

    @property
    def granted(self) -> bool:
        """Whether the plan may be applied."""
        return self.state is ApprovalState.GRANTED


_AGAIN = "Nothing was applied. Plan and ask again."


def judge_approval(
    approval: Approval | None, plan: PlanIdentity, serial: int, lineage: str, now: datetime
) -> ApprovalVerdict:
    """Decide whether ``plan`` may be applied to the state that has ``serial`` and ``lineage`` at ``now``.

    Only a decision by a named person for this very plan, in its time, against an unchanged state, is a yes.
    """
    if (serial, lineage) != (plan.serial, plan.lineage):
        return _no(
            ApprovalState.STATE_CHANGED,
            f"the state is at serial {serial}, the plan was made against {plan.serial}.",
        )
    if approval is None or not approval.by.strip():
        return _no(ApprovalState.MISSING, "nobody has approved this plan.")
    if approval.plan != plan:
        what = f"{approval.plan.environment} plan {approval.plan.sha256[:12]}"
        return _no(ApprovalState.OTHER_PLAN, f"the approval is for {what}, not for {plan.sha256[:12]}.")
    if not approval.approved:
        return ApprovalVerdict(
            ApprovalState.REFUSED, f"{approval.by} refused the plan: {approval.note}".rstrip(": ")
        )
    end = approval.at + approval.valid_for
    if not approval.at <= now <= end:
        return _no(ApprovalState.EXPIRED, f"the approval by {approval.by} was valid until {end:%H:%M} UTC.")
    return ApprovalVerdict(ApprovalState.GRANTED, f"{approval.by} approved plan {plan.sha256[:12]}.")


def _no(state: ApprovalState, reason: str) -> ApprovalVerdict:
    return ApprovalVerdict(state, f"{reason[0].upper()}{reason[1:]} {_AGAIN}")
