"""Commands of one-off tasks, done on the modelled volume: Django's, and the pipeline's SQLite job.

Mirrors pipeline/sqlite/job and the survey of pipeline/migrations; both run for real in other tests.
"""

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from region_application import Application, Behaviour
from region_clock import Clock
from region_database import Database, Volume

SURVEY, JOB, OTHER = 4.0, 6.0, 5.0
"""Seconds of work, the task's start not included."""
DONE = (0, "")


@dataclass
class Job:
    """Work of one container."""

    seconds: float
    finish: Callable[[], tuple[int | None, str]]
    """Returns exit code and reason; without a code the container goes on as the application."""
    kill: Callable[[], None] = lambda: None
    lines: list[tuple[float, str]] = field(default_factory=list)
    steps: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    again: Callable[[], float] = lambda: 0
    """Seconds that it takes once more, at what would be its end."""


class JobFailedError(Exception):
    """What the job itself would report; ``args`` has its kind first."""


@dataclass
class Containers:
    """Runs commands."""

    clock: Clock
    application: Application
    volume: Volume
    storage: Any
    wrote: Callable[[str, str], None] = lambda *_: None
    slowness: float = 1.0
    """Factor on all work."""

    def run(self, digest: str, command: list[str], environment: dict[str, str], task: str) -> Job:
        """Return what a command of a release does."""
        behaviour = self.application.behaviour(f"@{digest}")
        if "SQLITE_JOB_URL" in environment:
            url = environment["SQLITE_JOB_URL"]
            twice = b'"action": "exchange"' in (self.storage.get(*place_of(url)) or b"")
            return Job(JOB * (1 + twice) * self.slowness, lambda: self._sqlite(url))
        if "shell" in command:
            goes_on = command[0] == "python3"
            waits = goes_on and command[3] != "0"
            return self._wait(behaviour) if waits else self._survey(behaviour, task, goes_on=goes_on)
        if "migrate" in command:
            return self._migrate(behaviour, task)
        return Job(OTHER * self.slowness, lambda: DONE)

    def pending(self, behaviour: Behaviour) -> list[str]:
        """Return what the database lacks of a release's migrations."""
        database = self.volume.database
        return [item for item in behaviour.migrations if database is None or item not in database.applied]

    def _survey(self, behaviour: Behaviour, task: str, *, goes_on: bool) -> Job:
        def finish() -> tuple[int | None, str]:
            for line in self._told(behaviour):
                self.wrote(task, line)
            return (None, "") if goes_on and not self.pending(behaviour) else DONE

        return Job(SURVEY, finish)

    def _wait(self, behaviour: Behaviour) -> Job:
        """Survey again and again, in silence, until nothing is pending."""
        job = Job(SURVEY, lambda: (None, ""))
        job.again = lambda: SURVEY + 2 if self.pending(behaviour) else 0
        return job

    def _told(self, behaviour: Behaviour) -> list[str]:
        database, path = self.volume.database, self.volume.path
        found = {
            "alias": "default",
            "vendor": "sqlite",
            "path": path,
            "mount": path.rpartition("/")[0],
            "exists": database is not None,
        }
        known: dict[str, list[str]] = {}
        for label in behaviour.migrations:
            known.setdefault(label.partition(".")[0], []).append(label.partition(".")[2])
        pending = self.pending(behaviour)
        migrations = [
            {
                "app": label.partition(".")[0],
                "name": label.partition(".")[2],
                "marker": label in behaviour.irreversible or None,
            }
            for label in pending
        ]
        return [
            f"VIMBISO-DATABASE {json.dumps(found)}",
            *(f"VIMBISO-KNOWN {json.dumps({'app': app, 'names': names})}" for app, names in known.items()),
            *(f"VIMBISO-MIGRATION {json.dumps(item)}" for item in migrations),
            f"VIMBISO-MIGRATIONS {len(migrations)}",
        ]

    def _migrate(self, behaviour: Behaviour, task: str) -> Job:
        """Apply one after the other; a second migrate finds what is pending at its own beginning."""
        pending = self.pending(behaviour)
        fails = behaviour.migrate_fails_at
        doing = pending if fails is None else pending[:fails]
        seconds = behaviour.migrate_seconds * self.slowness if pending else 3.0
        self.volume.begin_migration(task)

        def apply(label: str) -> None:
            database = self.volume.database or Database()
            if label in database.applied:
                self.volume.violate(f"{label} is applied a second time")
            self.volume.change(applied=(*database.applied, label))

        def finish() -> tuple[int, str]:
            self.volume.end_migration(task)
            if fails is None or not pending:
                return DONE
            self.wrote(task, "django.db.utils.OperationalError: no such table")
            return 1, ""

        steps = [
            (seconds * (place + 1) / (len(pending) + 1), lambda label=label: apply(label))
            for place, label in enumerate(doing)
        ]
        return Job(seconds, finish, lambda: self.volume.end_migration(task), steps=steps)

    def _sqlite(self, url: str) -> tuple[int, str]:
        bucket, key = place_of(url)
        body = self.storage.get(bucket, key)
        if body is None:
            return 2, ""
        job = json.loads(body)["job"]
        try:
            result = {"ok": True, **getattr(self, f"_{job['action']}")(job)}
        except JobFailedError as error:
            result = {"ok": False, "kind": error.args[0], "message": error.args[1]}
        now = self.clock.now().timestamp()
        result |= {"began_at": now - JOB, "ended_at": now, "cpu_seconds": 1.0, "peak_kib": 20000}
        result |= {"sqlite": "3.40.1", "python": "3.11.2"}
        self.storage.put(*place_of(job["result_url"]), json.dumps(result).encode())
        return (0 if result["ok"] else 1), ""

    def _backup(self, job: dict[str, Any]) -> dict[str, Any]:
        database = self._at(job["database"])
        raw = database.body
        packed = gzip.compress(raw, mtime=0)
        bucket, key = place_of(job["part_urls"][0])
        query = parse_qs(urlsplit(job["part_urls"][0]).query)
        sent = self.storage.upload_part(
            Bucket=bucket, Key=key, UploadId=query["uploadId"][0], PartNumber=1, Body=packed
        )
        return {
            "parts": [{"number": 1, "bytes": len(packed), "etag": sent["ETag"]}],
            "codec": "gzip",
            "bytes": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
            "compressed_bytes": len(packed),
            "compressed_sha256": hashlib.sha256(packed).hexdigest(),
            "checks": database.checks(job["integrity"]),
            "copied_at": self.clock.now().timestamp(),
            "lock_seconds": 0.1,
            "journal": "delete",
            "file_system": "nfs",
            "warnings": [],
        }

    def _exchange(self, job: dict[str, Any]) -> dict[str, Any]:
        orders, files = job["swap"], self.volume.files
        database, aside = orders["database"], orders["aside"]
        moved = aside in files and files[aside] is not files.get(database)
        try:
            saved = self._backup({**job, "database": aside if moved else database})
        except JobFailedError as error:
            saved = {"unsaved": error.args[1]}
        return {**saved, "swapped": self._swap(orders)}

    def _restore(self, job: dict[str, Any]) -> dict[str, Any]:
        fetched = self._fetched(job)
        target = self.volume.files.get(job["target"])
        if target is not None and target[0].body != fetched.body:
            raise JobFailedError("exists", f"{job['target']} exists")
        if target is None:
            self.volume.files[job["target"]] = [fetched]
        return {"target": job["target"], "checks": fetched.checks(job["integrity"]), "seconds": 3.0}

    def _drill(self, job: dict[str, Any]) -> dict[str, Any]:
        return {"checks": self._fetched(job).checks(job["integrity"]), "seconds": 3.0}

    def _fetched(self, job: dict[str, Any]) -> Database:
        packed = self.storage.get(*place_of(job["url"]))
        if packed is None or hashlib.sha256(packed).hexdigest() != job["compressed_sha256"]:
            raise JobFailedError("wrong-checksum", "SHA-256 of the compressed backup is another")
        return Database.of(gzip.decompress(packed))

    def _swap(self, job: dict[str, Any]) -> dict[str, Any]:
        files = self.volume.files
        database, incoming, aside = job["database"], job["incoming"], job["aside"]
        there, comes = files.get(database), files.get(incoming)
        if comes is not None and comes is not there:
            self.volume.swap(incoming)
            if there is not None:
                if aside in files and files[aside] is not there:
                    raise JobFailedError("exists", f"{aside} exists and is another file")
                files[aside] = there
            files[database] = files.pop(incoming)
        elif comes is None and (aside not in files or files[aside] is there):
            raise JobFailedError("no-database", f"there is no file {incoming} to put in place")
        checked = self._at(database).checks(job["integrity"])
        return {"database": database, "aside": aside, "checks": checked}

    def _at(self, path: str) -> Database:
        found = self.volume.files.get(path)
        if found is None:
            raise JobFailedError("no-database", f"there is no database {path}")
        return found[0]


def place_of(url: str) -> tuple[str, str]:
    """Return bucket and key of a presigned URL whose host begins with the bucket."""
    parts = urlsplit(url)
    return parts.netloc.partition(".")[0], unquote(parts.path.lstrip("/"))
