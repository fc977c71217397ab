"""Requests that the pipeline makes, as the recorder has written them down."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ADMINISTRATOR = (
    *("pipeline/state/", "pipeline/terraform/", "tasks/state.py", "tasks/terraform.py"),
    *("pipeline/doctor/", "pipeline/adoption.py", "flows/doctor.py", "tasks/doctor.py"),
    *("flows/backup_state.py", "flows/bootstrap_state.py", "flows/deploy_infrastructure.py"),
    *("flows/destroy.py", "flows/detect_drift.py", "flows/restore_state.py"),
    *("flows/rollback_infrastructure.py", "flows/unlock_state.py"),
)
"""Code that runs Terraform and keeps its state; it has the credentials of an administrator."""


@dataclass(frozen=True)
class Call:
    """One request."""

    service: str
    """As boto3 names it: ``elbv2``."""
    operation: str
    params: dict[str, Any] = field(default_factory=dict, hash=False)
    callers: tuple[str, ...] = ()
    """Files of the project that ask, the innermost first; none in a thread of a package's own."""

    @property
    def by_the_worker(self) -> bool:
        """Whether the worker's role needs the right; not what tests and the local stack ask themselves."""
        own = not self.callers or not self.callers[0].startswith(("tests/", "deployments/"))
        return own and not any(file.startswith(_ADMINISTRATOR) for file in self.callers)

    @property
    def line(self) -> str:
        """The call as it is written down."""
        document = {"service": self.service, "operation": self.operation, "params": self.params}
        return json.dumps(document, sort_keys=True)


def read_calls(file: Path) -> Iterator[Call]:
    """Read what was recorded."""
    with file.open(encoding="utf-8") as lines:
        yield from (Call(**json.loads(line)) for line in lines)


def distinct(calls: Iterable[Call]) -> list[Call]:
    """Return one call of each kind, in the order of their lines."""
    found = {call.line: call for call in calls}
    return [found[line] for line in sorted(found)]
