"""Accepted status codes of the health path, in the syntax of AWS's matcher. Pure."""

import re
from dataclasses import dataclass

LOWEST, HIGHEST = 200, 499
"""Codes that a target group of an Application Load Balancer may accept (ELB API reference, Matcher)."""
_PART = re.compile(r"([0-9]{3})(?:-([0-9]{3}))?")


class HealthCodesError(ValueError):
    """The text names no codes."""


@dataclass(frozen=True)
class HealthCodes:
    """Codes and ranges of codes, as ``200``, ``200,202`` or ``200-299,301``."""

    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, text: str) -> "HealthCodes":
        """Read AWS's syntax; spaces around codes do not count.

        Raises:
            HealthCodesError: it is something else, or names codes that AWS does not take.
        """
        found = [_PART.fullmatch(part.strip()) for part in text.split(",")]
        ranges = tuple((int(part[1]), int(part[2] or part[1])) for part in found if part)
        if len(ranges) < len(found) or any(not LOWEST <= low <= high <= HIGHEST for low, high in ranges):
            raise HealthCodesError(
                f"{text!r} are no health codes: give codes or ranges from {LOWEST} to {HIGHEST}, "
                "as 200 or 200,202 or 200-299."
            )
        return cls(ranges)

    def accepts(self, status: int) -> bool:
        """Whether an answer with this code is a good one."""
        return any(low <= status <= high for low, high in self.ranges)

    def __str__(self) -> str:
        """Return it as AWS takes it."""
        return ",".join(f"{low}" if low == high else f"{low}-{high}" for low, high in self.ranges)


SUCCESS = HealthCodes.parse("200-299")
