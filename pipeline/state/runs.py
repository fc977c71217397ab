"""Our own record of the runs that work on a state: Terraform's lock names no process."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pipeline.clock import utc_now
from pipeline.state.home import StateHome
from pipeline.state.model import RunRecord, RunStatus
from pipeline.terraform.folder import is_held

_STATE_FIELD, _START_FIELD = 0, 19
"""Places after the command name in /proc/PID/stat, see proc(5): fields 3 and 22."""


def process_start(pid: int) -> str | None:
    """Return when the process started, in the kernel's ticks since boot, with the boot it belongs to.

    None when there is no such process, or it is a zombie.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[_STATE_FIELD] == "Z" else f"{boot}:{fields[_START_FIELD]}"


def observe(host: str, pid: int, started: str, folder: str, *, this_host: str) -> RunStatus:
    """Look for the process, and for a Terraform of its that outlived it; UNKNOWN on another host."""
    if host != this_host or not started or not Path("/proc/self/stat").exists():
        return RunStatus.UNKNOWN
    if process_start(pid) == started or (Path(folder).is_dir() and is_held(Path(folder))):
        return RunStatus.ALIVE
    return RunStatus.GONE


_ADAPTER = TypeAdapter(RunRecord)


def this_run(run_id: str, environment: str, folder: Path, bound: timedelta) -> RunRecord:
    """Describe this process as a run that ends within ``bound``."""
    now = utc_now()
    pid = os.getpid()
    return RunRecord(
        run_id=run_id,
        environment=environment,
        host=socket.gethostname(),
        pid=pid,
        process_start=process_start(pid) or "",
        folder=str(folder),
        announced=now,
        until=now + bound,
    )


def announce(home: StateHome, record: RunRecord) -> None:
    """Write the record beside the state; ``withdraw`` removes it."""
    home.write(_key(record.environment, record.run_id), _ADAPTER.dump_json(record, indent=2))


@contextmanager
def announced(home: StateHome, record: RunRecord) -> Iterator[RunRecord]:
    """Keep the record beside the state while the run works; a killed run leaves it behind, as evidence."""
    announce(home, record)
    try:
        yield record
    finally:
        withdraw(home, record.run_id)


def withdraw(home: StateHome, run_id: str) -> None:
    """Remove a run's record."""
    home.remove(_key(home.environment, run_id))


def read_runs(home: StateHome) -> tuple[RunRecord, ...]:
    """Read the records of all runs that have not withdrawn; what is no record is left out."""
    bodies = (home.read(key) for key in home.keys(f"locks/{home.environment}/"))
    return tuple(record for stored in bodies if stored for record in _parse(stored.body))


def _parse(body: bytes) -> Iterator[RunRecord]:
    try:
        yield _ADAPTER.validate_json(body)
    except ValidationError:
        return


def _key(environment: str, run_id: str) -> str:
    return f"locks/{environment}/{run_id}.json"
