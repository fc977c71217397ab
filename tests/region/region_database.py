"""The data volume with its database, and what must never happen to it."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

from region_clock import Clock


@dataclass(frozen=True)
class Database:
    """Content of a database file."""

    applied: tuple[str, ...] = ()
    """Migrations that ran in it."""
    writes: int = 0

    @property
    def body(self) -> bytes:
        """The file's bytes."""
        return json.dumps([self.applied, self.writes]).encode()

    @staticmethod
    def of(body: bytes) -> "Database":
        """Read a file's bytes."""
        applied, writes = json.loads(body)
        return Database(tuple(applied), writes)

    def checks(self, integrity: str) -> dict[str, Any]:
        """Return its fingerprint, as the job's checks have it."""
        return {
            "integrity": integrity,
            "page_size": 4096,
            "page_count": 1 + len(self.applied),
            "user_version": 0,
            "foreign_key_violations": 0,
            "rows": {"pay": self.writes},
            "migrations": list(self.applied),
            "schema_sha256": hashlib.sha256(json.dumps(self.applied).encode()).hexdigest(),
            "check_seconds": 0.1,
        }


@dataclass
class Volume:
    """Files by path; a path that names the same object as another is a hard link to it."""

    clock: Clock
    path: str
    files: dict[str, list[Database]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    migrating: set[str] = field(default_factory=set)
    """Tasks whose migrate is at work."""
    serving: Any = None
    """Returns the tasks of the service that have the database open."""

    @property
    def database(self) -> Database | None:
        """The live database; None where there is no file yet."""
        found = self.files.get(self.path)
        return found[0] if found else None

    def change(self, **values: Any) -> None:
        """Write into the live database; the first write makes it."""
        if self.path not in self.files:
            self.files[self.path] = [Database()]
        self.files[self.path][0] = replace(self.files[self.path][0], **values)

    def begin_migration(self, task: str) -> None:
        """Hear of a migrate that begins."""
        if self.migrating:
            self.violate(f"two migrations at once: {task} beside {sorted(self.migrating)}")
        self.migrating.add(task)

    def end_migration(self, task: str) -> None:
        """Hear of its end, good or bad."""
        self.migrating.discard(task)

    def swap(self, task: str) -> None:
        """Hear of a file that takes the database's place."""
        users = self.serving() if self.serving else []
        if users:
            self.violate(f"{task} swaps the database under {len(users)} tasks that have it open")
        if self.migrating:
            self.violate(f"{task} swaps the database under a migration")

    def violate(self, text: str) -> None:
        """Keep what must never happen."""
        self.violations.append(f"{self.clock.seconds:.0f} s: {text}")
