"""Keeps a checked file from elsewhere as a backup, which is then put in place as any other."""

import platform
import sqlite3
from datetime import datetime

from pipeline.live import LiveEnvironment
from pipeline.sqlite import layout
from pipeline.sqlite.backup import commit, discard, prove
from pipeline.sqlite.incoming import Incoming
from pipeline.sqlite.job.upload import Digests
from pipeline.sqlite.journal import JournalEntry, close_entry, open_entry
from pipeline.sqlite.model import IMPORT, BackupManifest, BackupPolicy, DatabaseBackup, SqliteError
from pipeline.sqlite.runner import Report
from pipeline.sqlite.store import BackupStore, find_backup, read_manifest


def is_of(live: LiveEnvironment, backup: DatabaseBackup, incoming: Incoming) -> bool:
    """Whether a backup holds exactly this file."""
    return read_manifest(live, backup).sha256 == incoming.sha256


def store_import(
    live: LiveEnvironment, run_id: str, incoming: Incoming, report: Report, now: datetime
) -> DatabaseBackup:
    """Return the backup of this file; it is made, unless an import that did not end has made it.

    Raises:
        SqliteError: S3 does not hold what was sent; nothing stays there.
        AwsError: it could not be sent; the next backup sweeps what stays.
    """
    store = BackupStore(live)
    for item in store.backups():
        if item.imported and item.verified and is_of(live, item, incoming):
            report(f"{item.key} holds this file already")
            return item
    entry = open_entry(store, IMPORT, run_id, now)
    try:
        manifest = commit(store, _sent(live, store, entry, incoming))
    except SqliteError:
        discard(store, entry)
        raise
    close_entry(store, entry)
    report(f"{incoming.source} is kept as s3://{store.name}/{manifest.key}")
    return find_backup(live, manifest.key)


def _sent(
    live: LiveEnvironment, store: BackupStore, entry: JournalEntry, incoming: Incoming
) -> BackupManifest:
    key = entry.stem + layout.EXTENSION
    digests, packed = Digests(), incoming.path.with_suffix(".gz")
    with packed.open("wb") as file:
        file.writelines(digests.through(str(incoming.path)))
    facts = digests.facts()
    store.upload(packed, key)
    prove(store, key, facts, BackupPolicy())
    head = store.head(key)
    return BackupManifest(
        id=entry.id,
        key=key,
        environment=entry.environment,
        database=live.database,
        reason=IMPORT,
        run_id=entry.run_id,
        task_definition="",
        copied_at=entry.at,
        created_at=entry.at,
        etag=head.etag.strip('"') if head else "",
        checks=incoming.checks,
        journal=incoming.journal,
        file_system="",
        lock_seconds=0,
        task_seconds=0,
        peak_kib=0,
        sqlite=sqlite3.sqlite_version,
        python=platform.python_version(),
        **facts,
    )
