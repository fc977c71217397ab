"""Terraform's diagnostics: what is wrong, where, and what to do next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pipeline.documents import get_int, get_mapping
from pipeline.errors import PipelineError

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


_SHOWN = 5
_STDERR_SHOWN = 2000


class TerraformError(PipelineError):
    """A Terraform command failed; ``diagnostics`` and ``stderr`` say why, both masked."""

    def __init__(self, message: str, diagnostics: Iterable[Diagnostic] = (), stderr: str = "") -> None:
        self.diagnostics = tuple(diagnostics)
        self.stderr = stderr
        self.transient = is_transient(self.diagnostics)
        super().__init__("\n".join(filter(None, [message, *self._reasons(), advise(self.diagnostics)])))

    def _reasons(self) -> list[str]:
        errors = errors_of(self.diagnostics)
        if not errors:
            return [self.stderr.strip()[-_STDERR_SHOWN:]]
        more = len(errors) - _SHOWN
        return [str(error) for error in errors[:_SHOWN]] + ([f"... and {more} more"] if more > 0 else [])


class StateLockedError(TerraformError):
    """Another run holds the state lock; nothing was changed."""


class StalePlanError(TerraformError):
    """The state changed after the plan was made, so the plan may not be applied; nothing was changed."""


class TerraformStoppedError(TerraformError):
    """Terraform was stopped before its end.

    ``graceful`` tells whether it ended by itself after an interrupt, with its state saved and its lock freed.
    Otherwise the lock may remain and a resource in flight may be missing from the state.
    """

    def __init__(
        self, message: str, diagnostics: Iterable[Diagnostic] = (), stderr: str = "", *, graceful: bool
    ) -> None:
        self.graceful = graceful
        super().__init__(message, diagnostics, stderr)


class TerraformTimeoutError(TerraformStoppedError):
    """Terraform did not end in its time."""


def failure(message: str, diagnostics: Iterable[Diagnostic], stderr: str) -> TerraformError:
    """Choose the error class that fits the diagnostics."""
    found = tuple(diagnostics)
    summaries = {item.summary for item in errors_of(found)}
    kind: type[TerraformError] = TerraformError
    if "Saved plan is stale" in summaries:
        kind = StalePlanError
    elif any(_is_held_lock(item) for item in errors_of(found)):
        kind = StateLockedError
    return kind(message, found, stderr)


def _is_held_lock(item: Diagnostic) -> bool:
    # A missing table or bad credentials have the same summary; only a held lock is described in the detail.
    return item.summary == "Error acquiring the state lock" and "Lock Info:" in item.detail
