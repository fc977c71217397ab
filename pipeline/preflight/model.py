"""A check, its result, and how a list of checks is run."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import PipelineError


class Status(StrEnum):
    """How a check ended."""

    OK = "OK"
    NG = "NG"
    SKIP = "SKIP"
    """Could not be told, or does not apply; the reason says which."""


class CheckFailedError(PipelineError):
    """What a check found wrong, and what to do."""


class CheckSkippedError(PipelineError):
    """Why a check does not apply or could not tell."""


@dataclass(frozen=True)
class Check:
    """One question. ``ask`` returns what is well, or raises a PipelineError that says what is not."""

    name: str
    ask: Callable[[], str]
    needs: tuple[str, ...] = ()
    """Checks that must be OK before this one makes sense."""


@dataclass(frozen=True)
class Finding:
    """The answer to one check."""

    name: str
    status: Status
    reason: str


def run_checks(checks: Iterable[Check]) -> tuple[Finding, ...]:
    """Run the checks in their order, all of them; a check whose needs are not OK is skipped."""
    found: dict[str, Finding] = {}
    for check in checks:
        found[check.name] = _run(check, found)
    return tuple(found.values())


def faults(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what speaks against deploying."""
    return tuple(item for item in findings if item.status is Status.NG)


def _run(check: Check, found: dict[str, Finding]) -> Finding:
    lacking = [name for name in check.needs if name not in found or found[name].status is not Status.OK]
    if lacking:
        return Finding(check.name, Status.SKIP, f"needs {', '.join(lacking)}")
    try:
        return Finding(check.name, Status.OK, check.ask())
    except CheckSkippedError as error:
        return Finding(check.name, Status.SKIP, str(error))
    except PipelineError as error:
        return Finding(check.name, Status.NG, str(error))
