"""Errors of Terraform commands."""

from collections.abc import Iterable

from pipeline.errors import PipelineError
from pipeline.terraform.diagnostics import Diagnostic, advise, errors_of, is_transient

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
