"""Judges who must agree to a decision, and the one-time codes that prove who did. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, SecretStr
from pyotp import TOTP
from pyotp.exceptions import OTPVerificationError

WRONG_CODES = 5
"""Most wrong codes for one approver in an hour, and most answers to one question that prove nobody."""
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_WRONG = "The code was wrong, out of date or used before: take the next one."


class Attempt(BaseModel):
    """A code that was looked at, without the code itself."""

    model_config = ConfigDict(frozen=True)

    question: str
    """The run and its question: an answer is judged once, however often its run starts again."""
    at: datetime
    """When the answer was given."""
    step: int = 0
    """Time step of a right code; 0 for a wrong one."""


@dataclass(frozen=True)
class CodeVerdict:
    """The fault of an answer, "" for none, and the attempts to remember."""

    fault: str
    attempts: tuple[Attempt, ...]


def judge_code(secret: SecretStr, past: Sequence[Attempt], new: Attempt, code: SecretStr) -> CodeVerdict:
    """Judge a code by the time when it was given; none serves twice, nor one from before the last right one.

    ``past`` are the approver's earlier attempts. Half a minute to either side is forgiven to clocks.
    """
    known = next((item for item in past if item.question == new.question), None)
    if known is not None:
        return CodeVerdict("" if known.step else _WRONG, tuple(past))
    wrong = sorted(item.at for item in past if not item.step and new.at - _HOUR < item.at)
    if len(wrong) >= WRONG_CODES:
        end = wrong[-WRONG_CODES] + _HOUR
        return CodeVerdict(f"Too many wrong codes: none is looked at until {end:%H:%M} UTC.", tuple(past))
    last = max((item.step for item in past), default=0)
    try:
        step = TOTP(secret.get_secret_value()).verify_and_get_timecode(
            code.get_secret_value(), for_time=new.at, valid_window=1
        )
    except OTPVerificationError:
        step = 0
    right = new.model_copy(update={"step": step if step > last else 0})
    kept = (item for item in past if item.at > new.at - _DAY or item.step == last > 0)
    return CodeVerdict("" if right.step else _WRONG, (*kept, right))


@dataclass(frozen=True)
class ApprovalRule:
    """The codes that an approval takes in an environment."""

    environment: str
    demanded: int
    """Approvers that its settings demand."""
    enrolled: Collection[str]

    @property
    def wanted(self) -> int:
        """Different approvers who must agree; 0 where a name counts as it is typed."""
        return max(self.demanded, 1 if self.enrolled else 0)

    @property
    def lacking(self) -> bool:
        """Whether fewer are enrolled than must agree."""
        return len(self.enrolled) < self.wanted

    def describe(self, agreed: Sequence[str] = ()) -> str:
        """Say what an approval takes; ``agreed`` have approved already."""
        if not self.wanted:
            return "No approver is enrolled: the name below counts as it is typed, and proves nothing."
        codes = "the one-time code of an approver"
        if self.wanted > 1:
            codes = (
                "the one-time codes of two approvers, in an answer each: who started the run is not enough"
            )
        return " ".join(
            filter(
                None,
                (
                    f"To approve takes {codes}; to refuse takes none.",
                    f"Enrolled: {', '.join(self.enrolled) or 'nobody'}.",
                    f"More are needed: `vimbiso approver {self.environment} NAME`." if self.lacking else "",
                    f"Approved by {' and '.join(agreed)}; another one must." if agreed else "",
                ),
            )
        )

    def find_fault(self, name: str, code: SecretStr, agreed: Collection[str]) -> str:
        """Return the reason for which an approval cannot count, whatever the code; "" for none."""
        if name not in self.enrolled:
            return "The name was none of an enrolled approver."
        if name in agreed:
            return f"{name} has approved already."
        return "" if code.get_secret_value() else "The one-time code was missing."


def name_proven(names: Sequence[str]) -> str:
    """Name approvers for the records, other than somebody who typed a name."""
    return " and ".join(f"{name} (code checked)" for name in names)
