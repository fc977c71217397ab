"""Logs of running tasks: deaths of worker processes, and errors that are new with a release. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pipeline.delivery.model import Verification
from pipeline.ecs.model import Outcome
from pipeline.log_cause import find_errors

_DEATH = re.compile(
    r"(?:Worker \(pid:\s*(\d+)\) (?:exited with code [1-9]|was sent SIG(?!TERM|INT|QUIT|HUP))"  # gunicorn
    r"|WORKER TIMEOUT \(pid:\s*(\d+)"
    r"|DAMN ! worker \d+ \(pid:\s*(\d+)"  # uWSGI
    r"|Child process \[(\d+)\] died).*"  # uvicorn
)
"""Words of servers on a worker process that ended and should not have; each names its process."""
_DEATHS = 2
"""So many are no chance."""
_TOLD = 3


@dataclass(frozen=True)
class RunningLogs:
    """Findings in the logs of the tasks of one release."""

    deaths: tuple[str, ...] = ()
    """A line for each worker process or task that died."""
    errors: dict[str, int] = field(default_factory=dict)
    """Each error with its count."""


def read_running(logs: Iterable[Sequence[str]], ended: Iterable[str] = ()) -> RunningLogs:
    """Return what the tasks' lines tell; ``ended`` has the reasons of tasks that ended by themselves."""
    deaths, errors = list(ended), dict[str, int]()
    for lines in logs:
        found = (match for line in lines if (match := _DEATH.search(line)))
        deaths += {next(filter(None, match.groups())): match[0] for match in found}.values()
        for text, count in find_errors(line for line in lines if not _DEATH.search(line)).items():
            errors[text] = errors.get(text, 0) + count
    return RunningLogs(tuple(deaths), errors)


def new_errors(now: RunningLogs, before: RunningLogs) -> dict[str, int]:
    """Return the errors that the release before did not write; numbers in them do not count."""
    known = {_without_numbers(text) for text in before.errors}
    return {text: count for text, count in now.errors.items() if _without_numbers(text) not in known}


def with_logs(found: Verification, now: RunningLogs, before: RunningLogs) -> Verification:
    """Return what the gates found, UNHEALTHY where workers keep dying as those of the release before did not.

    New errors do not take a release back: whether a visitor's error is the release's fault, only a person
    can say.
    """
    if found.outcome is not Outcome.SUCCEEDED:
        return found
    if len(now.deaths) >= _DEATHS and not before.deaths:
        message = f"Its processes die: {now.deaths[-1]} ({len(now.deaths)} so far). {found.message}"
        return replace(found, outcome=Outcome.UNHEALTHY, message=message, final=True)
    errors = new_errors(now, before)
    told = [f"{text} ({count} times)" if count > 1 else text for text, count in errors.items()]
    more = f" And {len(told) - _TOLD} more." if len(told) > _TOLD else ""
    log = f" New errors in its log: {'; '.join(told[:_TOLD])}.{more}" if told else ""
    died = f" A process died: {now.deaths[-1]}." if now.deaths else ""
    return replace(found, message=f"{found.message}{died}{log}")


def is_in_doubt(now: RunningLogs, before: RunningLogs) -> bool:
    """Whether it takes longer to see if processes keep dying."""
    return 0 < len(now.deaths) < _DEATHS and not before.deaths


def _without_numbers(text: str) -> str:
    return re.sub(r"\b[0-9a-f]{8,}\b|\d+", "0", text)
