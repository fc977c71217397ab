"""Whether a lock may be removed."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from state_values import NOON, lock, run

from pipeline.state.model import RunRecord, RunStatus, StateError, parse_lock
from pipeline.state.unlock import BlockedCommand, LockState, ObservedRun, is_own_lock, judge_lock

LIMIT = timedelta(hours=6)
SOON, LATE = NOON + timedelta(minutes=5), NOON + timedelta(hours=7)
ALIVE, GONE, UNKNOWN = RunStatus.ALIVE, RunStatus.GONE, RunStatus.UNKNOWN

CASES: list[tuple[str, list[tuple[RunRecord, RunStatus]], bool, LockState]] = [
    ("owner at work", [(run(), ALIVE)], False, LockState.LIVE),
    ("owner at work for long", [(run(), ALIVE)], True, LockState.LIVE),
    ("owner gone", [(run(), GONE)], False, LockState.STALE),
    ("nobody known", [], False, LockState.UNKNOWN),
    ("nobody known for long", [], True, LockState.STALE),
    ("owner out of sight", [(run(), UNKNOWN)], False, LockState.UNKNOWN),
    ("owner out of sight for long", [(run(), UNKNOWN)], True, LockState.STALE),
    ("one of two may live", [(run("a"), GONE), (run("b"), UNKNOWN)], False, LockState.UNKNOWN),
    ("one of two lives", [(run("a"), GONE), (run("b"), ALIVE)], False, LockState.LIVE),
    ("both gone", [(run("a"), GONE), (run("b"), GONE)], False, LockState.STALE),
    ("gone run of another host", [(run(host="there"), GONE)], False, LockState.UNKNOWN),
    ("gone run that began later", [(run(minutes=3), GONE)], False, LockState.UNKNOWN),
    ("gone run whose time was over", [(run(minutes=-120), GONE)], False, LockState.UNKNOWN),
    ("clocks a little apart", [(run(minutes=0.5), GONE)], False, LockState.STALE),
]


@pytest.mark.parametrize(
    ("runs", "late", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_only_a_lock_whose_owner_is_gone_is_stale(
    runs: list[tuple[RunRecord, RunStatus]], late: bool, expected: LockState
) -> None:
    """A run that cannot have made the lock proves nothing about it."""
    observed = [ObservedRun(*item) for item in runs]
    verdict = judge_lock(lock(), observed, LATE if late else SOON, LIMIT)
    assert verdict.state is expected
    assert verdict.removable == (expected is LockState.STALE)


def test_no_lock_is_free() -> None:
    """Nothing to remove."""
    assert judge_lock(None, [], SOON, LIMIT).state is LockState.FREE


def test_the_verdict_names_owner_and_age() -> None:
    """That is what a person decides by."""
    verdict = judge_lock(lock(), [ObservedRun(run("flow-run-1"), GONE)], SOON, LIMIT)
    assert (verdict.owner, verdict.age) == ("ada@here, run flow-run-1", timedelta(minutes=5))
    assert verdict.reason == "Run flow-run-1 (process 1 on here) is gone."


STATUSES = st.lists(st.sampled_from(RunStatus), max_size=4)


@given(statuses=STATUSES, hours=st.integers(0, 20))
def test_a_living_owner_is_never_robbed(statuses: list[RunStatus], hours: int) -> None:
    """Whatever else is known, and however old the lock: while its run lives it is live."""
    runs = [ObservedRun(run(str(number)), status) for number, status in enumerate(statuses)]
    verdict = judge_lock(lock(), runs, NOON + timedelta(hours=hours), LIMIT)
    assert (verdict.state is LockState.LIVE) == (ALIVE in statuses)
    if hours < 6 and UNKNOWN in statuses:
        assert not verdict.removable


ATTEMPT = BlockedCommand("mine", "here", NOON, NOON + timedelta(minutes=1), None)
OWN = [
    ("made while we ran", lock(0.5), ATTEMPT, [], True),
    ("our own record is no rival", lock(0.5), ATTEMPT, [(run("mine"), ALIVE)], True),
    ("a dead run is no rival", lock(0.5), ATTEMPT, [(run("other"), GONE)], True),
    ("none at all", None, ATTEMPT, [], False),
    ("older than our command", lock(-1), ATTEMPT, [], False),
    ("newer than our command", lock(2), ATTEMPT, [], False),
    ("of another host", lock(0.5, host="there"), ATTEMPT, [], False),
    ("another run may have made it", lock(0.5), ATTEMPT, [(run("other"), ALIVE)], False),
    ("another run out of sight may have", lock(0.5), ATTEMPT, [(run("other"), UNKNOWN)], False),
    (
        "there before",
        lock(0.5),
        BlockedCommand("mine", "here", NOON, NOON + timedelta(minutes=1), lock(0.5)),
        [],
        False,
    ),
]


@pytest.mark.parametrize(
    ("found", "attempt", "runs", "expected"), [case[1:] for case in OWN], ids=[case[0] for case in OWN]
)
def test_a_lock_left_by_a_lost_answer_is_ones_own(
    found: object, attempt: BlockedCommand, runs: list[tuple[RunRecord, RunStatus]], expected: bool
) -> None:
    """Only one that was made on our host during our command, and that nobody else can have made."""
    observed = [ObservedRun(*item) for item in runs]
    assert is_own_lock(found, attempt, observed) is expected  # type: ignore[arg-type]


def test_terraforms_lock_is_read() -> None:
    """Nine digits of a second, and the host behind the last at sign."""
    created = "2026-01-01T12:00:00.123456789Z"
    raw = json.dumps({"ID": "1", "Operation": "OperationTypePlan", "Who": "a@b@here", "Created": created})
    found = parse_lock(raw)
    assert (found.id, found.host, found.operation) == ("1", "here", "OperationTypePlan")
    assert found.created == NOON.replace(microsecond=123456)
    assert found.raw == raw


@pytest.mark.parametrize("raw", ["", "[]", "{}", '{"ID": "1", "Created": "yesterday"}'])
def test_what_is_no_lock_of_terraform_is_refused(raw: str) -> None:
    """It is never removed on a guess."""
    with pytest.raises(StateError, match="by hand"):
        parse_lock(raw)
