"""An approval is for one plan, one state and a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.terraform.approval import Approval, ApprovalState, PlanIdentity, judge_approval

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLAN = PlanIdentity("production", "a" * 64, 7, "lineage")
GIVEN = Approval(PLAN, approved=True, by="Ada", at=NOON, valid_for=timedelta(hours=1))
IN_TIME = NOON + timedelta(minutes=59)

CASES = [
    ("granted", GIVEN, PLAN, 7, "lineage", IN_TIME, ApprovalState.GRANTED),
    ("at the last moment", GIVEN, PLAN, 7, "lineage", NOON + timedelta(hours=1), ApprovalState.GRANTED),
    ("too late", GIVEN, PLAN, 7, "lineage", NOON + timedelta(hours=1, seconds=1), ApprovalState.EXPIRED),
    ("from the future", GIVEN, PLAN, 7, "lineage", NOON - timedelta(seconds=1), ApprovalState.EXPIRED),
    ("none", None, PLAN, 7, "lineage", IN_TIME, ApprovalState.MISSING),
    ("nobody", replace(GIVEN, by=" "), PLAN, 7, "lineage", IN_TIME, ApprovalState.MISSING),
    ("refused", replace(GIVEN, approved=False), PLAN, 7, "lineage", IN_TIME, ApprovalState.REFUSED),
    ("another plan", GIVEN, replace(PLAN, sha256="b" * 64), 7, "lineage", IN_TIME, ApprovalState.OTHER_PLAN),
    (
        "another environment",
        GIVEN,
        replace(PLAN, environment="staging"),
        7,
        "lineage",
        IN_TIME,
        ApprovalState.OTHER_PLAN,
    ),
    ("newer state", GIVEN, PLAN, 8, "lineage", IN_TIME, ApprovalState.STATE_CHANGED),
    ("older state", GIVEN, PLAN, 6, "lineage", IN_TIME, ApprovalState.STATE_CHANGED),
    ("another state", GIVEN, PLAN, 7, "other", IN_TIME, ApprovalState.STATE_CHANGED),
]


@pytest.mark.parametrize(
    ("approval", "plan", "serial", "lineage", "now", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_only_the_approved_plan_may_be_applied(
    approval: Approval | None,
    plan: PlanIdentity,
    serial: int,
    lineage: str,
    now: datetime,
    expected: ApprovalState,
) -> None:
    """Each way in which an approval does not fit has its own answer."""
    verdict = judge_approval(approval, plan, serial, lineage, now)
    assert verdict.state is expected
    assert verdict.granted == (expected is ApprovalState.GRANTED)


def test_the_reason_names_who_and_what() -> None:
    """A refusal tells its note, what does not count tells what to do."""
    refused = judge_approval(replace(GIVEN, approved=False, note="too late"), PLAN, 7, "lineage", IN_TIME)
    assert refused.reason == "Ada refused the plan: too late"
    late = judge_approval(GIVEN, PLAN, 7, "lineage", NOON + timedelta(days=1))
    assert late.reason.endswith("Nothing was applied. Plan and ask again.")


@given(
    digest=st.sampled_from(["a" * 64, "b" * 64]),
    planned=st.integers(0, 3),
    serial=st.integers(0, 3),
    minutes=st.integers(-60, 180),
    approved=st.booleans(),
)
def test_granted_means_every_condition_holds(
    digest: str, planned: int, serial: int, minutes: int, approved: bool
) -> None:
    """Granted exactly when the plan, the state, the time and the decision all fit."""
    approval = replace(GIVEN, plan=replace(PLAN, serial=planned), approved=approved)
    plan = replace(PLAN, serial=planned, sha256=digest)
    verdict = judge_approval(approval, plan, serial, "lineage", NOON + timedelta(minutes=minutes))
    fits = digest == "a" * 64 and planned == serial and 0 <= minutes <= 60 and approved
    assert verdict.granted == fits
