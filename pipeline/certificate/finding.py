"""What a look at a certificate came to. Pure."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How bad a finding is; the greatest of all findings is the verdict's."""

    OK = 0
    UNKNOWN = 1
    WARN = 2
    FAIL = 3


@dataclass(frozen=True)
class Limits:
    """Days before the end from which it is a warning, and a failure."""

    warn_days: int = 30
    fail_days: int = 7


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    level: Level
    text: str
    next_step: str = ""


@dataclass(frozen=True)
class CertificateVerdict:
    """Everything that was looked at."""

    findings: tuple[Finding, ...]
    days_left: int | None
    """Whole days until ACM's certificate ends; None where unknown."""

    @property
    def level(self) -> Level:
        """The worst finding; UNKNOWN where nothing was looked at."""
        return max((finding.level for finding in self.findings), default=Level.UNKNOWN)

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Findings that are not OK, worst first."""
        bad = (finding for finding in self.findings if finding.level is not Level.OK)
        return tuple(sorted(bad, key=lambda finding: -finding.level))
