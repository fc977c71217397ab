"""Verified copies of the state and of its configuration, kept by rule, and a look at what protects it."""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from pipeline.clock import utc_now
from pipeline.retention import RetentionPolicy, reasons_to_keep
from pipeline.state.aside import find_past
from pipeline.state.backend import StateBackend, describe
from pipeline.state.bucket import check, protected
from pipeline.state.model import StateError, StateHead
from pipeline.state.protection import Setting

VARIABLES = "pipeline.tfvars.json"
_LEFT_OUT_FOLDERS = frozenset({".terraform", "tests", "__pycache__", ".git"})
_LEFT_OUT_SUFFIXES = (".tfstate", ".tfstate.backup", ".tfplan", ".log", ".pyc")


@dataclass(frozen=True)
class Bundle:
    """The archive (tar.gz): the configuration's files, its provider lock, and the pipeline's variables."""

    body: bytes = field(repr=False)
    sha256: str
    files: tuple[str, ...]


def pack(
    module: Path,
    variables: Mapping[str, Any],
    secret_names: Collection[str] = (),
    files: Mapping[str, Path] | None = None,
) -> Bundle:
    """Pack the root module's folder, other ``files`` by their name in it, and the variables.

    Values of ``secret_names`` are left out.

    The same files give the same bytes: names are sorted, times and owners left out.
    """
    public = {name: value for name, value in sorted(variables.items()) if name not in secret_names}
    contents = {name: (module / name).read_bytes() for name in _files(module)}
    contents |= {name: path.read_bytes() for name, path in (files or {}).items()}
    contents[VARIABLES] = json.dumps(public, indent=2, sort_keys=True).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(contents):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(contents[name]), 0o644
            archive.addfile(entry, io.BytesIO(contents[name]))
    body = gzip.compress(packed.getvalue(), mtime=0)
    return Bundle(body, hashlib.sha256(body).hexdigest(), tuple(sorted(contents)))


def unpack(body: bytes, sha256: str, folder: Path) -> dict[str, Any]:
    """Unpack a bundle into an empty folder, and return the pipeline's variables.

    Raises:
        StateError: the archive is not the one that was recorded, or holds what ``pack`` never puts into one.
    """
    if hashlib.sha256(body).hexdigest() != sha256:
        raise StateError(f"The recorded configuration {sha256[:12]} is damaged. Choose another record.")
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
        _extract(archive, folder)
    return dict(json.loads((folder / VARIABLES).read_text(encoding="utf-8")))


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the files, without their modes, once all are found to be files that stay below ``folder``.

    Python's own ``filter="data"`` came with 3.11.4; Debian 12 has 3.11.2.
    """
    entries = archive.getmembers()
    for entry in entries:
        if not (entry.isreg() and _stays_below(entry.name)):
            raise StateError(
                f"The recorded configuration holds {entry.name!r}, which is no plain file below its folder. "
                "Nothing was unpacked. Choose another record, and find out who wrote this one."
            )
    for entry in entries:
        target = folder / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            shutil.copyfileobj(
                cast("IO[bytes]", archive.extractfile(entry)), file
            )  # a plain file has content


def _stays_below(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and ".." not in parts and not PurePosixPath(name).is_absolute()


def git_revision(folder: Path) -> str:
    """Return the commit of the folder, with "+changes" when it has uncommitted ones; "" outside of git."""
    head = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--", ".") if head else ""
    return f"{head}+changes" if changed else head


def _git(folder: Path, *arguments: str) -> str:
    try:
        found = subprocess.run(  # noqa: S603 - an argument list, no shell
            ["git", *arguments],  # noqa: S607 - git is looked up in PATH as everywhere
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def _files(module: Path) -> list[str]:
    names = (path.relative_to(module) for path in module.rglob("*") if path.is_file())
    return sorted(name.as_posix() for name in names if _belongs(name))


def _belongs(name: Path) -> bool:
    if _LEFT_OUT_FOLDERS & set(name.parts[:-1]):
        return False
    return name.as_posix() != VARIABLES and not name.name.endswith(_LEFT_OUT_SUFFIXES)


def to_remove(taken: Iterable[datetime], now: datetime, policy: RetentionPolicy) -> tuple[datetime, ...]:
    """Choose what to remove among the times of *verified* copies (timezone-aware UTC)."""
    newest_first = sorted(set(taken), reverse=True)
    if not newest_first or now - newest_first[0] > policy.stale:
        return ()
    kept = reasons_to_keep(newest_first, lambda moment: moment, policy)
    return tuple(moment for moment in newest_first if moment not in kept and now - moment > policy.grace)


_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class StateBackup:
    """One copy that was read back and compared."""

    key: str
    taken: datetime
    head: StateHead


@dataclass(frozen=True)
class BackupReport:
    """Result of backup-state."""

    backup: StateBackup | None
    """None when there is no state to copy."""
    removed: tuple[str, ...]
    protections: tuple[Setting, ...]

    @property
    def missing(self) -> tuple[Setting, ...]:
        """Protections that are off: run bootstrap-state."""
        return tuple(setting for setting in self.protections if setting.done == "missing")


def backup_state(home: StateBackend, retention: RetentionPolicy) -> BackupReport:
    """Copy the state to ``backups/ENV/TIME-SERIAL.tfstate``, verify the copy, remove what is past its time.

    That is older copies, and what applies and restores have left beside the state.

    Raises:
        UnreadableStateError: the state is damaged; run restore-state.
        StateError: the copy is not what was written.
        AwsError: a call failed.
    """
    now = utc_now()
    backup = _copy(home, now)
    removed = _prune(home, now, retention) if backup else ()
    return BackupReport(backup, removed, check_protections(home))


def would_back_up(home: StateBackend, retention: RetentionPolicy) -> BackupReport:
    """Say what ``backup_state`` would copy and remove, and check the protections; nothing is written.

    Raises:
        UnreadableStateError: the state is damaged; run restore-state.
        AwsError: a call failed.
    """
    now = utc_now()
    stored = home.read(home.backend.key)
    backup = StateBackup("", now, describe(stored)) if stored else None
    times = {taken: key for key, taken in list_backups(home)}
    after = [*times, now] if backup else []
    removed = tuple(times[taken] for taken in to_remove(after, now, retention) if taken in times)
    past = find_past(home, now) if backup else ()
    return BackupReport(backup, removed + past, check_protections(home))


def check_protections(home: StateBackend) -> tuple[Setting, ...]:
    """Look whether versioning, encryption, privacy, point-in-time recovery and the rest are still on."""
    things = protected(home.access, home.backend.bucket, home.backend.lock_table)
    return tuple(setting for thing in things for setting in check(thing))


def list_backups(home: StateBackend) -> tuple[tuple[str, datetime], ...]:
    """List key and time of every backup, oldest first."""
    keys = home.keys(_prefix(home))
    return tuple((key, _taken(key)) for key in keys if key.endswith(".tfstate"))


def _copy(home: StateBackend, now: datetime) -> StateBackup | None:
    stored = home.read(home.backend.key)
    if stored is None:
        return None
    head = describe(stored)
    key = f"{_prefix(home)}{now.strftime(_STAMP)}-{head.serial:08d}.tfstate"
    home.write_once(key, stored.body, {"sha256": head.sha256})
    copy = home.read(key)
    if copy is None or copy.sha256 != head.sha256:
        raise StateError(
            f"The backup s3://{home.backend.bucket}/{key} is not what was written. Run it again."
        )
    return StateBackup(key, now, head)


def _prune(home: StateBackend, now: datetime, retention: RetentionPolicy) -> tuple[str, ...]:
    by_time = {taken: key for key, taken in list_backups(home)}
    removed = tuple(by_time[taken] for taken in to_remove(list(by_time), now, retention))
    removed += find_past(home, now)
    for key in removed:
        home.delete(key)
    return removed


def _taken(key: str) -> datetime:
    stamp = key.rpartition("/")[2].partition("-")[0]
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def _prefix(home: StateBackend) -> str:
    return f"backups/{home.environment}/"
