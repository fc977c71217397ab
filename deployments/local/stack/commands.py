"""Commands on the stack as a whole: bring it up, take it down, look at it, wipe it out."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from deployments.local.stack import migrated
from deployments.local.stack.children import await_ready, leader, spawn
from deployments.local.stack.environment import write_logging
from deployments.local.stack.errors import StackError
from deployments.local.stack.folders import one_at_a_time, prepare, remove
from deployments.local.stack.processes import Process, marked, stop
from deployments.local.stack.settings import Settings
from deployments.local.stack.specs import Spec, specs

_LOOKS, _INTERVAL = 100, 0.1


def require_free(
    port: int, variable: str, purpose: str, sleep: Callable[[float], object] = time.sleep
) -> None:
    """Refuse to go on when somebody listens on the port.

    A process that is being killed is gone for everybody who looks while the kernel still closes its files: a
    port that nobody is seen to hold gets some seconds to become free.

    Raises:
        StackError: naming the holder where it can be found, and the variable to set.
    """
    holder = ""
    for _ in range(_LOOKS):
        if not _taken(port):
            return
        if holder := _holder(port):
            break
        sleep(_INTERVAL)
    by = f" by {holder}" if holder else ""
    raise StackError(
        f"Port {port} for {purpose} is taken{by}. "
        f"Stop that, or choose another port: {variable}={port + 100} make up"
    )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - the question is about all addresses; nothing listens
        except OSError:
            return True
    return False


def _holder(port: int) -> str:
    """Name the process that listens, such as ``nginx (pid 12)``; "" where it is not ours to see."""
    for item in psutil.net_connections("tcp"):
        listens = item.status == psutil.CONN_LISTEN and item.laddr and item.laddr.port == port
        if listens and item.pid:
            with suppress(psutil.Error):
                return f"{' '.join(psutil.Process(item.pid).cmdline())[:80]} (pid {item.pid})"
    return ""


Report = Callable[[str], None]


@dataclass(frozen=True)
class State:
    """State of one process of the stack."""

    name: str
    state: str
    """``ready``, ``starting`` (or stuck: see its log) or ``down``."""
    pid: int | None
    port: int | None
    log: str


def up(settings: Settings, say: Report) -> list[str]:
    """Start what is not running and return the names of what was started; nothing to do is quick.

    Raises:
        StackError: a port is taken, or a process does not get ready.
    """
    with one_at_a_time(settings):
        prepare(settings)
        write_logging(settings)
        requested, living = specs(settings), marked(str(settings.state))
        missing = [spec for spec in requested if leader(spec, living) is None]
        for spec in missing:
            _clear_way(spec, settings)
        for spec in missing:
            say(f"Starting {spec.name} ...")
            spawn(spec, settings)
        await_ready(requested, settings)
        migrated.note(settings.state / "prefect")
        names = [spec.name for spec in missing]
        if "aws" in names:
            _settle(settings, say)
        return names


def down(settings: Settings, say: Report) -> None:
    """Stop what ``up`` started, with all it has started in turn, the emulated ECS's containers included."""
    with one_at_a_time(settings):
        _stop(settings, say)


def clean(settings: Settings, say: Report) -> None:
    """Stop everything and remove all state."""
    with one_at_a_time(settings):
        _stop(settings, say)
        remove(settings)


def status(settings: Settings) -> list[State]:
    """Look at every process once."""
    living = marked(str(settings.state))
    return [_state(spec, leader(spec, living), settings) for spec in specs(settings)]


def _clear_way(spec: Spec, settings: Settings) -> None:
    """End what a killed process has left behind, then make sure of its port."""
    stop(str(settings.state), lambda process: process.name == spec.name, spec.grace)
    if spec.port is not None:
        require_free(spec.port, spec.port_variable, f"the process {spec.name!r}")


def _stop(settings: Settings, say: Report) -> None:
    owner = str(settings.state)
    running = {process.name for process in marked(owner)}
    for spec in reversed(specs(settings)):
        if spec.name in running:
            say(f"Stopping {spec.name} ...")
            stop(owner, lambda process, name=spec.name: process.name == name, spec.grace)  # type: ignore[misc]
    stop(owner, lambda _: True, 5.0)
    # Imported here: the Docker SDK costs a third of a second, which the quick commands shall not pay.
    from deployments.local.stack.settle import remove_containers

    remove_containers(settings)


def _settle(settings: Settings, say: Report) -> None:
    if not (settings.state / "aws/services/ecs.json").exists():
        return
    # Imported here for the same reason: boto3.
    from deployments.local.stack.settle import missing_services

    missing = missing_services(settings)
    if missing:
        say(f"These services do not run all their tasks yet: {', '.join(missing)}. Deploy them again.")


def _state(spec: Spec, process: Process | None, settings: Settings) -> State:
    name = "down" if process is None else "ready" if spec.ready(process) else "starting"
    return State(spec.name, name, process.pid if process else None, spec.port, str(settings.log(spec.name)))
