"""Whose answer counts, and which codes prove it."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from pyotp import TOTP

from pipeline.approvers import ApprovalRule, Attempt, judge_code, name_proven
from pipeline.doctor.judge_approvers import judge_approvers
from pipeline.environment.model import ApprovalPolicy

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 29, 12, 0, 10, tzinfo=UTC)
STEP = TOTP(KEY).timecode(NOW)


def code(steps: int = 0, key: str = KEY) -> SecretStr:
    """Return the code so many half minutes from now."""
    return SecretStr(TOTP(key).at(NOW, counter_offset=steps))


def tried(seconds: float, step: int = 0, question: str = "") -> Attempt:
    """Return an attempt so many seconds ago, wrong where no step is named."""
    return Attempt(question=question or f"run/{seconds}", at=NOW - timedelta(seconds=seconds), step=step)


FIVE = tuple(tried(60 * minutes) for minutes in (50, 40, 30, 20, 10))
CODES: dict[str, tuple[SecretStr, tuple[Attempt, ...], str, int]] = {
    "right": (code(), (), "", STEP),
    "of a clock half a minute behind": (code(-1), (), "", STEP - 1),
    "of a clock half a minute ahead": (code(1), (), "", STEP + 1),
    "a minute old": (code(-2), (), "wrong", 0),
    "a minute ahead": (code(2), (), "wrong", 0),
    "of another key": (code(key=KEY[::-1]), (), "wrong", 0),
    "none": (SecretStr(""), (), "wrong", 0),
    "no digits": (SecretStr("abc\N{SNOWMAN}"), (), "wrong", 0),
    "used before": (code(), (tried(5, STEP),), "wrong", 0),
    "older than the last used": (code(-1), (tried(5, STEP),), "wrong", 0),
    "newer than the last used": (code(1), (tried(5, STEP),), "", STEP + 1),
    "right after four wrong ones": (code(), FIVE[1:], "", STEP),
    "right after five wrong ones": (code(), FIVE, "until 12:10 UTC", -1),
    "right when the first of five is an hour old": (code(), (tried(3600), *FIVE[1:]), "", STEP),
    "right after five right ones": (code(), tuple(tried(n, STEP - n) for n in range(5, 0, -1)), "", STEP),
}


@pytest.mark.parametrize("case", CODES)
def test_a_code_serves_once_and_for_a_minute(case: str) -> None:
    """Judged by when it was given; what was looked at is remembered, and what is not looked at is not."""
    given, past, fault, step = CODES[case]
    verdict = judge_code(SecretStr(KEY), past, tried(0, question="run/new"), given)
    assert (fault in verdict.fault, bool(verdict.fault)) == (True, bool(fault))
    new = [item.step for item in verdict.attempts if item.question == "run/new"]
    assert new == ([] if step < 0 else [step])


@pytest.mark.parametrize("step", [0, STEP])
def test_an_answer_is_judged_once(step: int) -> None:
    """Its run starts again at each answer; that is no second use, and no second mistake."""
    past = (tried(900, step, "run/first"), tried(5, STEP + 1))
    verdict = judge_code(SecretStr(KEY), past, tried(900, question="run/first"), code(9))
    assert (verdict.fault == "", verdict.attempts) == (bool(step), past)


def test_what_is_remembered_stays_small() -> None:
    """A day's attempts and the last right one: no older code serves again."""
    old = tuple(tried(200_000 - n, STEP - 9000 if n == 4 else 0) for n in range(9))
    kept = judge_code(SecretStr(KEY), (*old, tried(80_000)), tried(0), code()).attempts
    assert kept == (old[4], tried(80_000), tried(0, STEP))


def test_nothing_shows_key_or_code() -> None:
    """Neither a verdict nor what is kept."""
    verdict = judge_code(SecretStr(KEY), (), tried(0), code())
    assert KEY not in repr(verdict)
    assert code().get_secret_value() not in repr(verdict)


RULES: list[tuple[int, tuple[str, ...], int, ApprovalPolicy, str, str]] = [
    (0, (), 0, "never", "proves nothing", "SKIP"),
    (0, (), 0, "always", "proves nothing", "SKIP"),
    (0, ("ann",), 1, "always", "code of an approver; to refuse takes none. Enrolled: ann.", "OK"),
    (1, (), 1, "always", "Enrolled: nobody. More are needed: `vimbiso approver production NAME`.", "NG"),
    (1, ("ann", "bob"), 1, "never", "Enrolled: ann, bob.", "OK"),
    (2, ("ann",), 2, "always", "who started the run is not enough", "NG"),
    (2, ("ann", "bob"), 2, "always", "codes of two approvers", "OK"),
]


@pytest.mark.parametrize(("demanded", "enrolled", "wanted", "approval", "told", "doctor"), RULES)
def test_what_an_approval_takes_is_said(
    demanded: int, enrolled: tuple[str, ...], wanted: int, approval: ApprovalPolicy, told: str, doctor: str
) -> None:
    """In the form and by the doctor, above all where nobody is enrolled."""
    rule = ApprovalRule("production", demanded, enrolled)
    assert rule.wanted == wanted
    assert told in rule.describe()
    line = judge_approvers(rule, approval)
    assert (line.name, line.status.value) == ("approvers", doctor)
    assert ("vimbiso approver production NAME" in line.next) is (
        doctor == "NG" or (approval == "always" and not enrolled)
    )


@pytest.mark.parametrize(
    ("name", "given", "agreed", "fault"),
    [
        ("ann", "123456", (), ""),
        ("ann", "", (), "code was missing"),
        ("ann", "123456", ("ann",), "approved already"),
        ("bob", "123456", ("ann",), ""),
        ("eve", "123456", (), "none of an enrolled approver"),
        ("Ann", "123456", (), "none of an enrolled approver"),
    ],
)
def test_an_answer_that_cannot_count_costs_no_code(
    name: str, given: str, agreed: tuple[str, ...], fault: str
) -> None:
    """It is known by its name alone."""
    found = ApprovalRule("production", 2, ("ann", "bob")).find_fault(name, SecretStr(given), agreed)
    assert (fault in found, bool(found)) == (True, bool(fault))


def test_a_proven_name_differs_from_a_typed_one() -> None:
    """Records have both."""
    assert name_proven(["ann", "bob"]) == "ann (code checked) and bob (code checked)"
