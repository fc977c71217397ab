"""Journal of the jobs under way, so that a killed run goes on where it was, and others can clean up."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from pipeline.aws.bucket import ConflictError
from pipeline.sqlite import layout
from pipeline.sqlite.model import OtherRunError, SqliteError
from pipeline.sqlite.store import BackupStore

_RUN_ID = re.compile(r"^[A-Za-z0-9_.-]{1,80}$")


@dataclass(frozen=True)
class JournalEntry:
    """Journal entry: one try of one run to do one thing."""

    purpose: str
    """backup, restore, swap, ... at most 16 characters."""
    run_id: str
    id: str
    at: datetime
    environment: str

    @property
    def started_by(self) -> str:
        """ECS ``startedBy`` of the task: within the 36 characters of older ECS endpoints."""
        return f"sqlite-{self.purpose}-{self.id}"

    @property
    def stem(self) -> str:
        """Key of the backup that this entry's job makes, without extension."""
        return layout.stem(self.environment, self.at, self.id)

    def job_key(self, name: str) -> str:
        """Key of one of the entry's job files."""
        return layout.job_key(self.environment, self.id, name)


ENTRY = TypeAdapter(JournalEntry)
_WHAT = "The note of a job"


def open_entry(store: BackupStore, purpose: str, run_id: str, now: datetime) -> JournalEntry:
    """Return the entry that this run has under way, or note a new one.

    Raises:
        SqliteError: the run id cannot be part of a key.
        OtherRunError: two processes of one run began at the same moment.
    """
    if not _RUN_ID.match(run_id):
        raise SqliteError(f"{run_id!r} is no run id: up to 80 letters, digits, dots, dashes and underscores.")
    key = layout.open_key(store.environment, purpose, run_id)
    known = store.find(key, ENTRY, _WHAT)
    if known is not None:
        return known
    entry = JournalEntry(purpose, run_id, secrets.token_hex(6), now.replace(microsecond=0), store.environment)
    try:
        store.write_once(key, ENTRY.dump_json(entry))
    except ConflictError as error:
        raise OtherRunError(f"Run {run_id} is active twice; end one of them.") from error
    return entry


def close_entry(store: BackupStore, entry: JournalEntry) -> None:
    """Remove the entry's job files and, last, its note."""
    store.delete_all(store.keys(layout.job_key(store.environment, entry.id, "")))
    store.delete(layout.open_key(store.environment, entry.purpose, entry.run_id))


def open_entries(store: BackupStore) -> tuple[JournalEntry, ...]:
    """Return every entry under way, of any run."""
    found = (store.find(key, ENTRY, _WHAT) for key in store.keys(layout.open_prefix(store.environment)))
    return tuple(item for item in found if item is not None)
