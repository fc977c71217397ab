"""A check, its result, and how a list of checks is run."""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import PipelineError


class CheckStatus(StrEnum):
    """Result of a check."""

    OK = "OK"
    NG = "NG"
    SKIP = "SKIP"
    """Could not be told, or does not apply; the reason says which."""


class CheckFailedError(PipelineError):
    """The fault that a check found, and the next step."""


class CheckSkippedError(PipelineError):
    """The reason for which a check does not apply or could not tell."""


@dataclass(frozen=True)
class Check:
    """One question. ``ask`` returns what is well, or raises a PipelineError that says what is not."""

    name: str
    ask: Callable[[], str]
    needs: tuple[str, ...] = ()
    """Checks before it that must be OK for this one to make sense."""


@dataclass(frozen=True)
class CheckResult:
    """The answer to one check."""

    name: str
    status: CheckStatus
    reason: str


def run_checks(checks: Collection[Check]) -> tuple[CheckResult, ...]:
    """Run all checks at once, each after its needs; one whose needs are not OK is skipped."""
    asked: dict[str, Future[CheckResult]] = {}
    with ThreadPoolExecutor(len(checks)) as pool:  # a place for each: one that waits keeps no other out
        for check in checks:
            asked[check.name] = pool.submit(_run, check, dict(asked))
        return tuple(item.result() for item in asked.values())


def faults(findings: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """Return what speaks against deploying."""
    return tuple(item for item in findings if item.status is CheckStatus.NG)


def _run(check: Check, earlier: Mapping[str, Future[CheckResult]]) -> CheckResult:
    missing = [
        name
        for name in check.needs
        if name not in earlier or earlier[name].result().status is not CheckStatus.OK
    ]
    if missing:
        return CheckResult(check.name, CheckStatus.SKIP, f"needs {', '.join(missing)}")
    try:
        return CheckResult(check.name, CheckStatus.OK, check.ask())
    except CheckSkippedError as error:
        return CheckResult(check.name, CheckStatus.SKIP, str(error))
    except PipelineError as error:
        return CheckResult(check.name, CheckStatus.NG, str(error))
