"""Verified copies of the state, kept by rule, and a look at what protects it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.aws.errors import calling
from pipeline.aws.identity import identify
from pipeline.clock import utc_now
from pipeline.retention import RetentionPolicy, reasons_to_keep
from pipeline.state.bucket import Bucket, check_bucket
from pipeline.state.head import describe
from pipeline.state.home import StateHome
from pipeline.state.model import StateError, StateHead
from pipeline.state.report import Setting
from pipeline.state.table import Table, recovery_is_on


def to_remove(taken: Iterable[datetime], now: datetime, policy: RetentionPolicy) -> tuple[datetime, ...]:
    """Choose what to remove among the times of *verified* copies (timezone-aware UTC)."""
    newest_first = sorted(set(taken), reverse=True)
    if not newest_first or now - newest_first[0] > policy.stale:
        return ()
    kept = reasons_to_keep(newest_first, lambda moment: moment, policy)
    return tuple(moment for moment in newest_first if moment not in kept and now - moment > policy.grace)


_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class Backup:
    """One copy that was read back and compared."""

    key: str
    taken: datetime
    head: StateHead


@dataclass(frozen=True)
class BackupReport:
    """What backup-state did and saw."""

    backup: Backup | None
    """None when there is no state to copy."""
    removed: tuple[str, ...]
    protections: tuple[Setting, ...]

    @property
    def missing(self) -> tuple[Setting, ...]:
        """Protections that are off: run bootstrap-state."""
        return tuple(setting for setting in self.protections if setting.done == "missing")


def backup_state(home: StateHome, retention: RetentionPolicy) -> BackupReport:
    """Copy the state to ``backups/ENV/TIME-SERIAL.tfstate``, verify the copy, remove what is past its time.

    Raises:
        UnreadableStateError: the state is damaged; run restore-state.
        StateError: the copy is not what was written.
        AwsError: a call failed.
    """
    now = utc_now()
    backup = _copy(home, now)
    removed = _prune(home, now, retention) if backup else ()
    return BackupReport(backup, removed, check_protections(home))


def would_back_up(home: StateHome, retention: RetentionPolicy) -> BackupReport:
    """Say what ``backup_state`` would copy and remove, and check the protections; nothing is written.

    Raises:
        UnreadableStateError: the state is damaged; run restore-state.
        AwsError: a call failed.
    """
    now = utc_now()
    stored = home.read(home.backend.key)
    backup = Backup("", now, describe(stored)) if stored else None
    times = {taken: key for key, taken in list_backups(home)}
    after = [*times, now] if backup else []
    removed = tuple(times[taken] for taken in to_remove(after, now, retention) if taken in times)
    return BackupReport(backup, removed, check_protections(home))


def check_protections(home: StateHome) -> tuple[Setting, ...]:
    """Look whether versioning, encryption, privacy and point-in-time recovery are still on."""
    access = home.access
    bucket = Bucket(
        access.client("s3"), home.backend.bucket, home.backend.region, identify(access).account_id
    )
    table = Table(access.client("dynamodb"), home.backend.lock_table)
    with calling(f"Checking point-in-time recovery of the lock table {table.name}"):
        on = recovery_is_on(table)
    recovery = Setting(
        table.name, "point-in-time recovery", "on" if on else "off", "kept" if on else "missing"
    )
    return (*check_bucket(bucket), recovery)


def list_backups(home: StateHome) -> tuple[tuple[str, datetime], ...]:
    """List key and time of every backup, oldest first."""
    keys = home.keys(_prefix(home))
    return tuple((key, _taken(key)) for key in keys if key.endswith(".tfstate"))


def _copy(home: StateHome, now: datetime) -> Backup | None:
    stored = home.read(home.backend.key)
    if stored is None:
        return None
    head = describe(stored)
    key = f"{_prefix(home)}{now.strftime(_STAMP)}-{head.serial:08d}.tfstate"
    home.write_new(key, stored.body, {"sha256": head.sha256})
    copy = home.read(key)
    if copy is None or copy.sha256 != head.sha256:
        raise StateError(
            f"The backup s3://{home.backend.bucket}/{key} is not what was written. Run it again."
        )
    return Backup(key, now, head)


def _prune(home: StateHome, now: datetime, retention: RetentionPolicy) -> tuple[str, ...]:
    by_time = {taken: key for key, taken in list_backups(home)}
    removed = tuple(by_time[taken] for taken in to_remove(list(by_time), now, retention))
    for key in removed:
        home.remove(key)
    return removed


def _taken(key: str) -> datetime:
    stamp = key.rpartition("/")[2].partition("-")[0]
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def _prefix(home: StateHome) -> str:
    return f"backups/{home.environment}/"
