"""What was applied, kept for rolling back."""

from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from pipeline.state.bundle import Bundle
from pipeline.state.head import describe
from pipeline.state.home import StateHome
from pipeline.state.model import ConfigurationRecord, Snapshot, StateChangedError, StateError


def take_snapshot(home: StateHome, run_id: str) -> Snapshot | None:
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
        home.write_new(key, stored.body, {"sha256": head.sha256, "source-version": head.version_id})
    return Snapshot(head.bucket, key, head.version_id, head.serial, head.lineage, head.sha256)


_BUNDLE, _RECORD = "bundle.tar.gz", "record.json"


_ADAPTER = TypeAdapter(ConfigurationRecord)


def record_name(applied: datetime, plan_sha256: str) -> str:
    """Return the name of a record (UTC time and plan)."""
    return f"{applied:%Y%m%dT%H%M%S.%fZ}-{plan_sha256[:12]}"


def keep_record(home: StateHome, record: ConfigurationRecord, bundle: Bundle) -> str:
    """Write bundle and record below ``records/ENV/NAME/``, the record last; return the record's key.

    Records are never written over: repeating the same one changes nothing.

    Raises:
        StateError: there is another record of that name, or the bundle is not the record's.
    """
    if bundle.sha256 != record.bundle_sha256:
        raise StateError(f"Record {record.name} names another bundle than the one given.")
    _write_once(home, _key(home, record.name, _BUNDLE), bundle.body)
    return _write_once(home, _key(home, record.name, _RECORD), _ADAPTER.dump_json(record, indent=2))


def read_records(home: StateHome, limit: int = 50) -> tuple[ConfigurationRecord, ...]:
    """Read the newest records, newest first.

    Raises:
        StateError: one is damaged.
    """
    keys = [key for key in home.keys(f"records/{home.environment}/") if key.endswith(f"/{_RECORD}")]
    return tuple(_read(home, key) for key in sorted(keys, reverse=True)[:limit])


def read_bundle(home: StateHome, record: ConfigurationRecord) -> bytes:
    """Read a record's archive, for ``unpack``.

    Raises:
        StateError: it is gone.
    """
    stored = home.read(_key(home, record.name, _BUNDLE))
    if stored is None:
        raise StateError(f"The configuration of record {record.name} is gone. Choose another record.")
    return stored.body


def _read(home: StateHome, key: str) -> ConfigurationRecord:
    stored = home.read(key)
    try:
        return _ADAPTER.validate_json(stored.body if stored else b"")
    except ValidationError as error:
        raise StateError(
            f"The record s3://{home.backend.bucket}/{key} is damaged: restore an earlier version of it."
        ) from error


def _write_once(home: StateHome, key: str, body: bytes) -> str:
    try:
        home.write_new(key, body)
    except StateChangedError as error:
        raise StateError(f"s3://{home.backend.bucket}/{key} is there already, with other content.") from error
    return key


def _key(home: StateHome, name: str, part: str) -> str:
    return f"records/{home.environment}/{name}/{part}"
