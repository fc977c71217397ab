"""Binds an approval to the plan and the state it was given for (pure)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


@dataclass(frozen=True)
class PlanIdentity:
    """What exactly is to be applied, and to which state."""

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
    REJECTED = "rejected"
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
            ApprovalState.REJECTED, f"{approval.by} rejected the plan: {approval.note}".rstrip(": ")
        )
    if not approval.at <= now <= approval.at + approval.valid_for:
        return _no(
            ApprovalState.EXPIRED, f"the approval by {approval.by} was valid for {approval.valid_for}."
        )
    return ApprovalVerdict(ApprovalState.GRANTED, f"{approval.by} approved plan {plan.sha256[:12]}.")


def _no(state: ApprovalState, reason: str) -> ApprovalVerdict:
    return ApprovalVerdict(state, f"{reason[0].upper()}{reason[1:]} {_AGAIN}")
