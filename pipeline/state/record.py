"""Records of the runs under way and of applied configurations, for locks and for rolling back."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pipeline.aws.bucket import ConflictError
from pipeline.clock import utc_now
from pipeline.state.backend import StateBackend, describe, read_head
from pipeline.state.backup import Bundle
from pipeline.state.model import (
    ConfigurationRecord,
    RunRecord,
    RunStatus,
    StateError,
    StateSnapshot,
)
from pipeline.stored import read_stored
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


_RUN = TypeAdapter(RunRecord)


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


def announce(home: StateBackend, record: RunRecord) -> None:
    """Write the record beside the state; ``withdraw`` removes it."""
    home.write(_run_key(record.environment, record.run_id), _RUN.dump_json(record, indent=2))


@contextmanager
def announced(home: StateBackend, record: RunRecord) -> Iterator[RunRecord]:
    """Keep the record beside the state while the run works; a killed run leaves it behind, as evidence."""
    announce(home, record)
    try:
        yield record
    finally:
        withdraw(home, record.run_id)


def withdraw(home: StateBackend, run_id: str) -> None:
    """Remove a run's record."""
    home.delete(_run_key(home.environment, run_id))


def read_runs(home: StateBackend) -> tuple[RunRecord, ...]:
    """Read the records of all runs that have not withdrawn; what is no record is left out."""
    bodies = (home.read(key) for key in home.keys(f"locks/{home.environment}/"))
    return tuple(record for stored in bodies if stored for record in _parse(stored.body))


def _parse(body: bytes) -> Iterator[RunRecord]:
    try:
        yield _RUN.validate_json(body)
    except ValidationError:
        return


def _run_key(environment: str, run_id: str) -> str:
    return f"locks/{environment}/{run_id}.json"


def take_snapshot(home: StateBackend, run_id: str) -> StateSnapshot | None:
    """Copy the state to ``snapshots/ENV/SERIAL-RUN.tfstate``; None when there is no state yet.

    Repeating it in the same run changes nothing.

    Raises:
        UnreadableStateError: the state is damaged; nothing should be applied to it.
        AwsError: it could not be copied.
    """
    stored = home.read(home.backend.key)
    if stored is None:
        return None
    head = describe(stored)
    key = f"snapshots/{home.environment}/{head.serial:08d}-{head.sha256[:12]}-{run_id}.tfstate"
    if home.read(key) is None:
        home.write_once(key, stored.body, {"sha256": head.sha256, "source-version": head.version_id})
    return StateSnapshot(head.bucket, key, head.version_id, head.serial, head.lineage, head.sha256)


def note_read_back(home: StateBackend) -> None:
    """Note that the state, as it is now, says how everything reads."""
    home.write(_read_back_key(home), _version_of(home))


def is_read_back(home: StateBackend) -> bool:
    """Whether the state still is the one that was noted: nothing was applied since."""
    noted = home.read(_read_back_key(home))
    return noted is not None and noted.body == _version_of(home)


def _version_of(home: StateBackend) -> bytes:
    head = read_head(home)
    return f"{head.lineage} {head.serial}".encode() if head else b""


def _read_back_key(home: StateBackend) -> str:
    return f"read-back/{home.environment}"


_BUNDLE, _RECORD = "bundle.tar.gz", "record.json"


_ADAPTER = TypeAdapter(ConfigurationRecord)


def record_name(applied: datetime, plan_sha256: str) -> str:
    """Return the name of a record (UTC time and plan)."""
    return f"{applied:%Y%m%dT%H%M%S.%fZ}-{plan_sha256[:12]}"


def keep_record(home: StateBackend, record: ConfigurationRecord, bundle: Bundle) -> str:
    """Write bundle and record below ``records/ENV/NAME/``, the record last; return the record's key.

    Records are never written over: repeating the same one changes nothing.

    Raises:
        StateError: there is another record of that name, or the bundle is not the record's.
    """
    if bundle.sha256 != record.bundle_sha256:
        raise StateError(f"Record {record.name} names another bundle than the one given.")
    _write_once(home, _key(home, record.name, _BUNDLE), bundle.body)
    return _write_once(home, _key(home, record.name, _RECORD), _ADAPTER.dump_json(record, indent=2))


def read_records(home: StateBackend, limit: int = 50) -> tuple[ConfigurationRecord, ...]:
    """Read the newest records, newest first.

    Raises:
        StateError: one is damaged.
    """
    keys = [key for key in home.keys(f"records/{home.environment}/") if key.endswith(f"/{_RECORD}")]
    return tuple(_read(home, key) for key in sorted(keys, reverse=True)[:limit])


def read_bundle(home: StateBackend, record: ConfigurationRecord) -> bytes:
    """Read a record's archive, for ``unpack``.

    Raises:
        StateError: it is gone.
    """
    stored = home.read(_key(home, record.name, _BUNDLE))
    if stored is None:
        raise StateError(f"The configuration of record {record.name} is gone. Choose another record.")
    return stored.body


def _read(home: StateBackend, key: str) -> ConfigurationRecord:
    stored = home.read(key)
    return read_stored(
        _ADAPTER,
        stored.body if stored else b"",
        f"The record s3://{home.backend.bucket}/{key}",
        StateError,
        "Restore an earlier version of it.",
    )


def _write_once(home: StateBackend, key: str, body: bytes) -> str:
    try:
        home.write_once(key, body)
    except ConflictError as error:
        raise StateError(f"s3://{home.backend.bucket}/{key} is there already, with other content.") from error
    return key


def _key(home: StateBackend, name: str, part: str) -> str:
    return f"records/{home.environment}/{name}/{part}"
