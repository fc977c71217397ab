"""Facts of a certificate. None and "" mean that nobody said: unknown, not fine. Times are UTC."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from pipeline.errors import PipelineError


class Level(IntEnum):
    """Severity of a finding; the greatest of all findings is the verdict's."""

    OK = 0
    UNKNOWN = 1
    WARN = 2
    FAIL = 3


@dataclass(frozen=True)
class ExpiryLimits:
    """Days before the end from which it is a warning, and a failure."""

    warn_days: int = 30
    fail_days: int = 7


DEFAULT_LIMITS = ExpiryLimits()


@dataclass(frozen=True)
class CertificateFinding:
    """One thing that was looked at."""

    subject: str
    level: Level
    text: str
    next_step: str = ""


@dataclass(frozen=True)
class CertificateVerdict:
    """Everything that was looked at."""

    findings: tuple[CertificateFinding, ...]
    days_left: int | None
    """Whole days until ACM's certificate ends; None where unknown."""

    @property
    def level(self) -> Level:
        """The worst finding; UNKNOWN where nothing was looked at."""
        return max((finding.level for finding in self.findings), default=Level.UNKNOWN)

    @property
    def problems(self) -> tuple[CertificateFinding, ...]:
        """Findings that are not OK, worst first."""
        bad = (finding for finding in self.findings if finding.level is not Level.OK)
        return tuple(sorted(bad, key=lambda finding: -finding.level))


class CertificateError(PipelineError):
    """The certificate that was asked for does not exist."""


@dataclass(frozen=True)
class Validation:
    """Proof of one domain of a certificate, and its state (ACM, DomainValidation)."""

    domain: str
    method: str
    status: str
    record_name: str = ""
    """Name of the CNAME record that must stay in DNS; "" for other methods."""
    record_value: str = ""


@dataclass(frozen=True)
class CertificateFacts:
    """A certificate as ACM describes it (ACM API reference, CertificateDetail)."""

    arn: str
    domain: str
    status: str
    type: str
    serial: str | None
    """Lower-case hexadecimal without colons or leading zeros."""
    not_after: datetime | None
    failure_reason: str = ""
    in_use_by: tuple[str, ...] | None = None
    eligible: bool | None = None
    """Whether ACM will renew it."""
    renewal_status: str = ""
    renewal_reason: str = ""
    validations: tuple[Validation, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """Address of a TLS server: ``host`` is asked for (SNI), ``address`` is connected to where it differs."""

    host: str
    port: int = 443
    address: str | None = None

    def __str__(self) -> str:
        """Return HOST:PORT."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class ServedCertificate:
    """The certificate that an endpoint serves."""

    serial: str
    not_after: datetime
    distrusted: str = ""
    """Why a client would refuse it (name, chain, dates); "" where it would not."""


@dataclass(frozen=True)
class Unreachable:
    """No certificate came from the endpoint."""

    reason: str


def normal_serial(text: str) -> str:
    """Return a serial number in one spelling: ACM writes 0A:BC, others abc."""
    return text.replace(":", "").lower().lstrip("0")
