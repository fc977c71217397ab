"""A check, its result, and how a list of checks is run."""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
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
    """Checks before it that must be OK for this one to make sense."""


@dataclass(frozen=True)
class Finding:
    """The answer to one check."""

    name: str
    status: Status
    reason: str


def run_checks(checks: Collection[Check]) -> tuple[Finding, ...]:
    """Run all checks at once, each after its needs; one whose needs are not OK is skipped."""
    asked: dict[str, Future[Finding]] = {}
    with ThreadPoolExecutor(len(checks)) as pool:  # a place for each: one that waits keeps no other out
        for check in checks:
            asked[check.name] = pool.submit(_run, check, dict(asked))
        return tuple(item.result() for item in asked.values())


def faults(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what speaks against deploying."""
    return tuple(item for item in findings if item.status is Status.NG)


def _run(check: Check, earlier: Mapping[str, Future[Finding]]) -> Finding:
    lacking = [
        name for name in check.needs if name not in earlier or earlier[name].result().status is not Status.OK
    ]
    if lacking:
        return Finding(check.name, Status.SKIP, f"needs {', '.join(lacking)}")
    try:
        return Finding(check.name, Status.OK, check.ask())
    except CheckSkippedError as error:
        return Finding(check.name, Status.SKIP, str(error))
    except PipelineError as error:
        return Finding(check.name, Status.NG, str(error))
