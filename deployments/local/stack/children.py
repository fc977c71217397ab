"""Starts a process of the stack and watches it until it is ready."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from deployments.local.stack.environment import child_environment
from deployments.local.stack.errors import StackError
from deployments.local.stack.processes import MARK, NAME, Process, marked, start_of
from deployments.local.stack.settings import Settings
from deployments.local.stack.specs import Spec
from deployments.paths import PROJECT

DEADLINE = 120.0
"""Seconds in which a process must be ready; a slow machine needs a quarter of it."""
_KEPT = 2_000_000
_INTERVAL = 0.05
_UNSEEN = 1.0
"""Seconds that a process may go unseen: right after exec the kernel shows no environment for a moment."""


def leader(spec: Spec, living: Sequence[Process]) -> Process | None:
    """Find the process itself among the living ones, which hold its descendants too."""
    return next((item for item in living if item.name == spec.name and item.command == spec.command), None)


def spawn(spec: Spec, settings: Settings) -> None:
    """Start the process in a session of its own, its output in its log file.

    It is not waited for: it outlives this command, and the kernel's init takes it over.
    """
    with open_log(settings.log(spec.name)).open("ab") as log:
        subprocess.Popen(  # noqa: S603 - the command is our own data
            spec.command,
            cwd=PROJECT,
            env=_variables(spec, settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def await_ready(waiting: Sequence[Spec], settings: Settings, deadline: float = DEADLINE) -> None:
    """Return when all are ready, which they become in any order.

    Raises:
        StackError: one ended or took too long; with the last lines of its log.
    """
    began = time.monotonic()
    until = began + deadline
    pending = list(waiting)
    while pending:
        living = marked(str(settings.state))
        seen = time.monotonic() > began + _UNSEEN
        pending = [spec for spec in pending if not _ready(spec, living, settings, seen)]
        if pending and time.monotonic() > until:
            raise _failure(pending[0], settings, f"was not ready within {deadline:.0f} s")
        if pending:
            time.sleep(_INTERVAL)


def open_log(path: Path) -> Path:
    """Make room for the log; one that has grown large is kept as ``NAME.log.1``, replacing the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _KEPT:
        path.replace(path.with_name(f"{path.name}.1"))
    return path


def bound_log(path: Path) -> None:
    """Empty a log that has grown large while its process appends to it, and keep it as ``NAME.log.1``.

    What is written between the copy and the end of it is lost: a line, if any.
    """
    if path.stat().st_size > _KEPT:
        shutil.copyfile(path, path.with_name(f"{path.name}.1"))
        os.truncate(path, 0)


def last_lines(path: Path, count: int = 20) -> str:
    """Return the end of a log; "" where there is none."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except OSError:
        return ""


def _ready(spec: Spec, living: Sequence[Process], settings: Settings, seen: bool) -> bool:
    """Whether it does its work; one that is not there counts as ended once it must have been ``seen``."""
    process = leader(spec, living)
    if process is not None and start_of(process.pid) is not None:
        return spec.ready(process)
    if seen:
        raise _failure(spec, settings, "ended while it was starting")
    return False


def _failure(spec: Spec, settings: Settings, what: str) -> StackError:
    path = settings.log(spec.name)
    return StackError(
        f"The process {spec.name!r} {what}. Last lines of {path}:\n{last_lines(path)}\n"
        "Then: make down && make up; should the state itself be broken: make clean."
    )


def _variables(spec: Spec, settings: Settings) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(spec.foreign or "\0")
    }
    return {
        **child_environment(settings, inherited),
        **spec.variables,
        "PYTHONUNBUFFERED": "1",
        MARK: str(settings.state),
        NAME: spec.name,
    }
