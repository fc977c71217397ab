"""Backups of the application's SQLite database."""

from datetime import timedelta

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.clock import utc_now
from pipeline.databases.model import (
    DEFAULT,
    DatabaseError,
    FoundDatabase,
    KnownDatabases,
    judge_databases,
    servers,
)
from pipeline.environment.application import DataSettings
from pipeline.errors import PipelineError
from pipeline.freshness.judge import FreshnessFinding, judge
from pipeline.freshness.survey import find_copies
from pipeline.live import LiveEnvironment
from pipeline.log_cause import as_markdown
from pipeline.recovery.record import require_none_open
from pipeline.sqlite.backup import back_up
from pipeline.sqlite.model import BackupManifest, DatabaseBackup, NoDatabaseError
from pipeline.sqlite.restore import Drill, RestoredFile, drill, restore_to_file
from pipeline.sqlite.store import find_backup, list_backups, read_manifest
from pipeline.sqlite.sweep import Pruned, plan_prune, prune, publish_age, publish_backup, publish_drill
from tasks.support import emit, retried_step, show_page, show_table, step


@retried_step
def inspect_backups(live: LiveEnvironment, limit: timedelta) -> tuple[FreshnessFinding, ...]:
    """Look at the backups of database and Terraform state and at the archive of every log group."""
    now = utc_now()
    findings = tuple(judge(item, now, limit) for item in find_copies(live))
    for finding in findings:
        if finding.bad:
            get_run_logger().warning("%s: %s. %s", finding.copies.what, finding.verdict, finding.next_step)
    show_table(
        live,
        "backups",
        [_row(finding) for finding in findings],
        f"{live.name}: copies, each to be at most {limit // timedelta(hours=1)} hours old",
    )
    return findings


@step
def emit_missing_backups(live: LiveEnvironment, findings: tuple[FreshnessFinding, ...]) -> None:
    """Emit the event that something is missing or too old."""
    emit(
        live,
        "backups.missing",
        summary="; ".join(f"{item.copies.what}: {item.verdict}" for item in findings),
        flows=sorted({item.copies.remedy for item in findings}),
    )


def _row(finding: FreshnessFinding) -> dict[str, str]:
    hours = "" if finding.age is None else f"{finding.age.total_seconds() / 3600:.1f} h"
    return {
        "copy": finding.copies.what,
        "verdict": finding.verdict,
        "newest": f"{finding.newest:%Y-%m-%d %H:%M} UTC" if finding.newest else "none",
        "age": hours,
        "next step": finding.next_step,
    }


@retried_step
def require_safe_data(live: LiveEnvironment, release: str, found: tuple[FoundDatabase, ...]) -> None:
    """Refuse a release whose data would not outlive its tasks, or would not be backed up; record the others.

    Raises:
        DatabaseError: naming each database and what to set.
    """
    outputs, record = live.outputs, live.database_record
    data = DataSettings(path=outputs.data_path, databases=list(outputs.databases))
    known = record.read()
    faults = judge_databases(found, data, known.filled if known and live.releases.newest_good(1) else ())
    if faults:
        raise DatabaseError(f"{' '.join(faults)} Nothing was migrated, and the service was not touched.")
    for item in servers(found):
        get_run_logger().info(
            "Database %s is a %s server's: it is its owner's to back up, no flow here does",
            item.alias,
            item.vendor,
        )
    record.write(KnownDatabases(release=release, since=utc_now(), databases=found).after(known))


@retried_step
def record_migrated(live: LiveEnvironment, release: str, found: tuple[FoundDatabase, ...]) -> None:
    """Record that migrations have filled the main database, which the survey may have seen empty."""
    filled = tuple(
        item.model_copy(update={"exists": True}) if item.alias == DEFAULT and item.in_a_file else item
        for item in found
    )
    record = live.database_record
    now = KnownDatabases(release=release, since=utc_now(), databases=filled)
    record.write(now.after(record.read()))


@step
def back_up_databases(live: LiveEnvironment, reason: str, task_definition: str = "") -> list[BackupManifest]:
    """Make a checked copy of each SQLite database while the application writes, the main one first.

    None is made, and that is said, where the application keeps no SQLite database, or before its first
    release has made one.

    Raises:
        DatabaseError: a database is not backed up, or is gone, that a release is known to write to.
        RecoveryError: a restore in place has not ended.
    """
    require_none_open(live)
    recorded = live.database_record.read()
    unkept = sorted(set(recorded.files if recorded else ()) - set(live.outputs.databases))
    if unkept:
        raise DatabaseError(
            f"The application writes to {', '.join(unkept)}, which the settings do not name as a "
            "database: it is not backed up. Add it to `databases` in the `data` table and run "
            "deploy-infrastructure."
        )
    if recorded is None and not live.outputs.databases and list_backups(live):
        raise DatabaseError(
            f"There are backups of {live.name}, and its settings name no database any more. Name it in "
            "`databases` in the `data` table and run deploy-infrastructure; or deploy once, where a server "
            "has the data now."
        )
    if not live.outputs.databases:
        get_run_logger().info(
            "Nothing to back up: %s keeps no SQLite database. A server's database is its owner's to back up",
            live.name,
        )
    made = [_back_up(item, reason, task_definition) for item in live.each_database]
    return [manifest for manifest in made if manifest is not None]


def _back_up(live: LiveEnvironment, reason: str, task_definition: str) -> BackupManifest | None:
    log = get_run_logger()
    try:
        manifest = back_up(live, str(flow_run.id), log.info, reason=reason, task_definition=task_definition)
    except NoDatabaseError as error:
        if live.releases.newest_good(1):
            raise DatabaseError(
                f"{live.database} is not there, though a release was recorded as good: {error} "
                "Older backups are untouched. Look at the volume, and deploy again: that tells where the "
                "application's database is."
            ) from error
        log.info("Nothing to back up before the first release: %s", error)
        return None
    for warning in manifest.warnings:
        log.warning(warning)
    publish_backup(live, manifest)
    emit(live, "backup.made", key=manifest.key, bytes=manifest.bytes)
    show_page(
        live,
        "backup",
        (
            f"## Backup `{manifest.key}`\n\n"
            f"- database: `{live.database}`\n"
            f"- size: {manifest.bytes / 1e6:.1f} MB, {len(manifest.checks.rows)} tables\n"
            f"- compressed: {manifest.compressed_bytes / 1e6:.1f} MB\n"
            f"- integrity: ok ({manifest.checks.integrity})\n"
            f"- lock held: {manifest.lock_seconds:.2f} s ({manifest.journal} journal)\n"
            f"- task: {manifest.task_seconds:.1f} s, {manifest.peak_kib / 1024:.0f} MiB\n"
        ),
        f"Database backup of {live.database_key}",
    )
    return manifest


@step
def prune_backups(live: LiveEnvironment, dry_run: bool) -> int:
    """Remove backups that are past their time, and count them; the last good one of each database stays."""
    return sum(_prune(item, dry_run) for item in live.each_database)


def _prune(live: LiveEnvironment, dry_run: bool) -> int:
    decision = plan_prune(live, utc_now())
    get_run_logger().info("%d backups are past their time", len(decision.pruned))
    kept = [
        {"backup": item.backup.key, "decision": "keep", "why": ", ".join(item.reasons)}
        for item in decision.kept
    ]
    gone = [{"backup": item.key, "decision": "remove", "why": "past its time"} for item in decision.pruned]
    show_table(
        live,
        "backup-retention",
        [*kept, *gone],
        decision.refusal or f"{live.database_key}: which backups stay and which go",
    )
    if not dry_run:
        _raise_on_failures(prune(live, decision))
    return len(decision.pruned)


def _raise_on_failures(done: Pruned) -> None:
    """Let nothing that stayed against the plan go unseen; the backups themselves are sound."""
    for backup, reason in done.failed:
        get_run_logger().error("%s stays: %s", backup.key, reason)
    if done.failed:
        first, reason = done.failed[0]
        raise PipelineError(
            f"{len(done.failed)} backups past their time could not be removed, the first: {first.key}: "
            f"{reason} New and older backups are sound; the next run tries again."
        )


@step
def publish_backup_age(live: LiveEnvironment) -> float | None:
    """Tell CloudWatch how old the newest verified backup is, in hours, for the alarm."""
    return publish_age(live, utc_now())


@retried_step
def choose_backup(live: LiveEnvironment, requested: str | None = None) -> DatabaseBackup:
    """Find the wanted backup, or the newest verified one, and show what its manifest says."""
    chosen = find_backup(live, requested)
    manifest = read_manifest(live, chosen)
    show_table(
        live,
        "chosen-backup",
        [
            {
                "backup": chosen.key,
                "of": manifest.database or "unknown",
                "copied at": f"{manifest.copied_at:%Y-%m-%d %H:%M:%S} UTC",
                "verified": "yes" if chosen.verified else "NO: a drill found it unusable",
                "database": f"{manifest.bytes / 1e6:.1f} MB, {len(manifest.checks.rows)} tables",
                "made for": manifest.reason,
            }
        ],
        f"{live.name}: the backup of {live.database} to restore",
    )
    get_run_logger().info("The backup to restore is %s", chosen.key)
    return chosen


@step
def restore_database(live: LiveEnvironment, backup: str | None, path: str | None) -> RestoredFile:
    """Bring a backup to a new file on the data volume, checked; the live database is not touched."""
    chosen = find_backup(live, backup)
    restored = restore_to_file(live, str(flow_run.id), chosen, get_run_logger().info, path)
    checks = restored.manifest.checks
    show_page(
        live,
        "restored",
        (
            f"## `{restored.target}`\n\n- from: `{chosen.key}`\n"
            f"- copied at: {restored.manifest.copied_at:%Y-%m-%d %H:%M:%S} UTC\n"
            f"- as the manifest says: {restored.manifest.bytes / 1e6:.1f} MB, {len(checks.rows)} tables, "
            f"integrity ok ({checks.integrity})\n- task: {restored.seconds:.1f} s\n"
        ),
        f"{live.name}: a backup restored to a file; the live database was not touched",
    )
    return restored


@step
def drill_restore(live: LiveEnvironment) -> Drill:
    """Restore the newest backup in a throw-away task, check it, and measure."""
    require_none_open(live)
    try:
        result = drill(live, str(flow_run.id), get_run_logger().info)
    except PipelineError as error:
        _report_drill(
            live,
            f"## The newest backup of {live.database} could not be restored\n\n{as_markdown(str(error))}",
        )
        raise
    publish_drill(live, result)
    _report_drill(
        live,
        f"## The newest backup of {live.database} can be restored\n\n`{result.backup.key}`: "
        f"recovery takes {result.rto:.0f} s (RTO); {result.rpo / 60:.0f} minutes of writes would be lost "
        "(RPO).",
    )
    return result


def _report_drill(live: LiveEnvironment, text: str) -> None:
    show_page(live, "drill", text, f"Restore drill of {live.database_key}")
