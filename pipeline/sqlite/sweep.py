"""Removes what runs that were killed have left behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.aws.errors import AwsError, calling
from pipeline.delivery.one_off import SMOKE_TEST
from pipeline.live import LiveEnvironment
from pipeline.retention import RetentionPolicy
from pipeline.sqlite import layout
from pipeline.sqlite.journal import JournalEntry, close_entry, open_entries
from pipeline.sqlite.layout import Decision, decide
from pipeline.sqlite.model import BackupManifest, DatabaseBackup
from pipeline.sqlite.restore import Drill
from pipeline.sqlite.runner import stop_task
from pipeline.sqlite.store import BackupStore, list_backups

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef


AGE = "BackupAgeHours"


def publish_age(live: LiveEnvironment, now: datetime) -> float | None:
    """Publish and return the age in hours of the newest counting backup, of the database with the oldest.

    Nothing is published, and None returned, where a database has none, or where there is no database.

    The alarm treats missing data as breaching, so that silence is noticed as well.
    """
    each = [next((b for b in list_backups(item) if b.counts), None) for item in live.each_database]
    newest = [backup.at for backup in each if backup is not None]
    if not newest or len(newest) < len(each):
        return None
    hours = max((now - min(newest)).total_seconds(), 0.0) / 3600
    _publish(live, {AGE: (hours, "None")})
    return hours


def publish_backup(live: LiveEnvironment, manifest: BackupManifest) -> None:
    """Publish size, duration and lock time of a backup."""
    _publish(
        live,
        {
            "BackupSeconds": (manifest.task_seconds, "Seconds"),
            "BackupLockSeconds": (manifest.lock_seconds, "Seconds"),
            "BackupBytes": (float(manifest.compressed_bytes), "Bytes"),
            "DatabaseBytes": (float(manifest.bytes), "Bytes"),
        },
    )


def publish_drill(live: LiveEnvironment, drill: Drill) -> None:
    """Publish the recovery time and the recovery point of a drill."""
    _publish(
        live, {"RecoverySeconds": (drill.rto, "Seconds"), "RecoveryPointSeconds": (drill.rpo, "Seconds")}
    )


def _publish(live: LiveEnvironment, values: Mapping[str, "tuple[float, StandardUnitType]"]) -> None:
    namespace = live.outputs.metrics_namespace
    data: list[MetricDatumTypeDef] = [
        {"MetricName": name, "Value": value, "Unit": unit} for name, (value, unit) in values.items()
    ]
    with calling(f"Publishing {', '.join(values)} to CloudWatch namespace {namespace}"):
        live.access.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


@dataclass(frozen=True)
class Pruned:
    """Result of a pruning; ``failed`` pairs a backup with AWS's reason."""

    deleted: tuple[DatabaseBackup, ...]
    failed: tuple[tuple[DatabaseBackup, str], ...]


def plan_prune(live: LiveEnvironment, now: datetime, policy: RetentionPolicy | None = None) -> Decision:
    """Return what ``prune`` would do now."""
    return decide(BackupStore(live).backups(), now, policy or RetentionPolicy())


def prune(live: LiveEnvironment, decision: Decision) -> Pruned:
    """Delete the backups that ``decision`` prunes; one that cannot be deleted does not stop the others.

    The manifest goes first: from then on the backup does not exist, and a sweep removes what a kill leaves.
    """
    store = BackupStore(live)
    deleted: list[DatabaseBackup] = []
    failed: list[tuple[DatabaseBackup, str]] = []
    for backup in decision.pruned:
        try:
            store.delete_all([backup.key + layout.MANIFEST, backup.key])
            store.delete_all(backup.key + suffix for suffix in layout.SIDECARS[1:])
        except AwsError as error:
            failed.append((backup, str(error)))
        else:
            deleted.append(backup)
    return Pruned(tuple(deleted), tuple(failed))


DEAD = timedelta(hours=3)
"""An attempt this old is nobody's: longer than any policy's timeout and signed URL should be."""
_TRIAL = timedelta(hours=1)
"""A smoke test this old is nobody's."""


def sweep(live: LiveEnvironment, now: datetime, dead: timedelta = DEAD) -> tuple[str, ...]:
    """Remove dead attempts with their tasks, what belongs to none, old smoke tests; return a line for each.

    An attempt is noted before anything else is made for it. So uploads, job files and databases without
    manifest that no note mentions can go, however young; except what was written after the look at the notes.
    """
    store = BackupStore(live)
    objects = store.keys(layout.prefix(store.environment))
    jobs = store.keys(layout.jobs_prefix(store.environment))
    uploads = store.uploads(layout.prefix(store.environment))
    entries = open_entries(store)
    lost = tuple(item for item in entries if now - item.at > dead)
    for entry in lost:
        stop_task(live, entry)
        close_entry(store, entry)
    living = tuple(item for item in entries if item not in lost)
    orphans = [upload for upload in uploads if not _mentioned(upload.key, living)]
    store.abort(orphans)
    # Listed again: a manifest may have been written, and its note removed, since the first look.
    without_manifest = layout.uncommitted(store.keys(layout.prefix(store.environment)))
    debris = [key for key in without_manifest if key in objects and not _mentioned(key, living)]
    debris += [key for key in jobs if not _mentioned(key, living)]
    store.delete_all(debris)
    tasks = live.one_off_tasks
    trials = [item for item in tasks.left_behind(SMOKE_TEST) if now - item.created_at > _TRIAL]
    for task in trials:
        tasks.stop(task.arn, "The run that tried this release is gone")
    return (
        *(f"Stopped {item.started_by}, task {item.id}, left by a killed run" for item in trials),
        *(
            f"Removed the {item.purpose} attempt of {item.at:%Y-%m-%d %H:%M} that never ended"
            for item in lost
        ),
        *(f"Aborted the unfinished upload to {upload.key}" for upload in orphans),
        *(f"Removed {key}, which belongs to no backup" for key in debris),
    )


def _mentioned(key: str, entries: tuple[JournalEntry, ...]) -> bool:
    return any(key.startswith((item.stem, item.job_key(""))) for item in entries)
