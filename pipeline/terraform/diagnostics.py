"""Terraform's diagnostics: what is wrong, where, and what to do next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pipeline.documents import get_int, get_mapping

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Diagnostic:
    """One error or warning of Terraform.

    Shape after https://developer.hashicorp.com/terraform/cli/commands/validate#json-output-format.
    """

    severity: Severity
    summary: str
    detail: str = ""
    address: str = ""
    """Resource concerned, or ""."""
    file: str = ""
    """File concerned, relative to the root module, or ""."""
    line: int = 0
    """First line concerned, from 1; 0 where no file is known."""
    snippet: str = ""
    """The source line or lines concerned."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Read one ``diagnostic`` object of Terraform's JSON output."""
        source = get_mapping(document, "range")
        start = get_mapping(source, "start")
        return cls(
            severity="warning" if document.get("severity") == "warning" else "error",
            summary=str(document.get("summary", "")),
            detail=str(document.get("detail", "")),
            address=str(document.get("address") or ""),
            file=str(source.get("filename", "")),
            line=get_int(start, "line"),
            snippet=str(get_mapping(document, "snippet").get("code", "")),
        )

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file else ""
        address = f" ({self.address})" if self.address else ""
        code = f"\n    {self.snippet.strip()}" if self.snippet.strip() else ""
        detail = f"\n    {' '.join(self.detail.split())}" if self.detail else ""
        return f"{where}{self.summary}{address}{code}{detail}"


def errors_of(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Keep the errors only."""
    return tuple(item for item in diagnostics if item.severity == "error")


_CLOCK = (
    "Either the credentials have expired or this machine's clock is wrong: compare it with a time server, "
    "renew the credentials in the aws-credentials block, and run again."
)
_THROTTLED = "AWS throttles the account: wait a minute and run again."
_UNREACHABLE = (
    "AWS or a provider's registry could not be reached: check the network, or that the local stack is up "
    "(make status)."
)
_ADVICE: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("Error acquiring the state lock",),
        "Another run holds the state lock: wait, or run unlock-state (it spares a lock whose owner lives).",
    ),
    (("RequestExpired",), _CLOCK),
    (
        ("RequestTimeTooSkewed", "RequestInTheFuture", "Signature expired", "Signature not yet current"),
        "This machine's clock is wrong: set it by a time server (NTP) and run again.",
    ),
    (
        (
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "InvalidAccessKeyId",
            "No valid credential sources",
            "AuthFailure",
        ),
        "The AWS credentials are not valid: correct them in the aws-credentials block and run again.",
    ),
    (("ExpiredToken",), "The AWS credentials have expired: renew them and run again."),
    (
        (
            "NoSuchBucket",
            "S3 bucket",
            "ResourceNotFoundException: Requested resource not found\nUnable to retrieve item",
        ),
        "The state bucket or lock table is missing: run bootstrap-state first.",
    ),
    (
        ("AccessDenied", "UnauthorizedOperation", "is not authorized to perform"),
        "The identity lacks this permission: see docs/security.md for the pipeline role.",
    ),
    (("Saved plan is stale",), "The state changed after the plan was made: plan again."),
    (
        ("AlreadyExists", "already exists", "ResourceExistsException"),
        "It is in AWS and not in the state, as after an apply that was killed: delete it or import it.",
    ),
    (
        ("state data in S3 does not have the expected content",),
        "State and lock table disagree: wait a minute and run again; if it stays so, run restore-state.",
    ),
    (("Throttl", "RequestLimitExceeded", "SlowDown"), _THROTTLED),
    (
        (
            *("connection refused", "no such host", "i/o timeout", "dial tcp", "connection reset by peer"),
            *("TLS handshake timeout", "Client.Timeout exceeded", "Bad Gateway", "Service Unavailable"),
        ),
        _UNREACHABLE,
    ),
)


def advise(diagnostics: Iterable[Diagnostic]) -> str:
    """Return the next step for the first error that has a known one, or "" (pure)."""
    texts = [f"{item.summary}\n{item.detail}" for item in errors_of(diagnostics)]
    for text in texts:
        # The lock's own wrapper hides a missing table or bad credentials: the innermost cause is named first.
        for marks, advice in (*_ADVICE[1:], _ADVICE[0]):
            if any(mark in text for mark in marks):
                return advice
    located = [item for item in errors_of(diagnostics) if item.file]
    if not located:
        return ""
    verb = "See" if located[0].address else "Fix"
    return f"{verb} {located[0].file}, line {located[0].line}, and run again."


def is_transient(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether the network or throttling is to blame, so that the same command may succeed later (pure)."""
    return advise(diagnostics) in (_THROTTLED, _UNREACHABLE)
