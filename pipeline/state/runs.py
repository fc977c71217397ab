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
from pipeline.state.liveness import process_start
from pipeline.state.model import RunRecord

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
