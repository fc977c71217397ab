"""Databases as the application's Django names them, judged against what is configured. Pure."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict

from pipeline.environment.application import DataSettings
from pipeline.errors import PipelineError

DEFAULT = "default"
"""Alias of Django's main database."""


class DatabaseError(PipelineError):
    """A database is not where the environment's settings say, or not where data outlives a task."""


class FoundDatabase(BaseModel):
    """One entry of Django's DATABASES, as the application itself sees it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    alias: str
    vendor: str
    """Django's word: sqlite, postgresql, mysql, oracle, or that of another backend."""
    path: str = ""
    """File of a SQLite database, absolute, without symbolic links; "" for one in memory, and for servers."""
    mount: str = ""
    """Where the volume is mounted that holds the file; ``/`` is the container's own file system."""
    exists: bool = False
    """Whether the file is there and not empty."""

    @property
    def in_a_file(self) -> bool:
        """Whether it is a SQLite database, whose data the pipeline keeps safe."""
        return self.vendor == "sqlite"


class KnownDatabases(BaseModel):
    """Record of the databases that the newest release's Django named, against which backups are checked."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    release: str
    since: datetime
    """When these files were first recorded: from then on there must be backups of them."""
    databases: tuple[FoundDatabase, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the SQLite databases."""
        return tuple(item.path for item in self.databases if item.in_a_file)

    @property
    def filled(self) -> tuple[str, ...]:
        """Paths of those that held data when last seen."""
        return tuple(item.path for item in self.databases if item.in_a_file and item.exists)

    def after(self, before: "KnownDatabases | None") -> "KnownDatabases":
        """Return this record as it follows another: the same files are known since the first of them."""
        if before is None or before.files != self.files:
            return self
        return self.model_copy(update={"since": before.since})


def judge_databases(
    found: Iterable[FoundDatabase], data: DataSettings, kept: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return what speaks against running this release, each with what to set; none where data is safe.

    Args:
        found: what the application's Django names.
        data: where the environment's settings say that data is.
        kept: databases that an earlier release is known to have written to.
    """
    found = tuple(found)
    files = [item for item in found if item.in_a_file]
    faults = [fault for item in files if (fault := _misplaced(item, data))]
    faults += _shared(files)
    if not faults:
        faults += _unlike_settings(files, data)
    kept = set(kept)
    empty = [item for item in files if not item.exists]
    faults += [_vanished(item) for item in empty if item.path in kept]
    left = sorted(kept - {item.path for item in files})
    faults += [_left_behind(item, left) for item in empty if left and item.path not in kept]
    return tuple(faults)


def servers(found: Iterable[FoundDatabase]) -> tuple[FoundDatabase, ...]:
    """Return the databases that a server keeps, which their owner backs up."""
    return tuple(item for item in found if item.vendor not in ("sqlite", "unknown"))


def _misplaced(item: FoundDatabase, data: DataSettings) -> str:
    name = f"Database {item.alias!r}"
    if not item.path:
        return (
            f"{name} is in memory: every process has its own, and all of it goes when the task ends. "
            f"{_one_line(item, data)}"
        )
    if item.mount == data.path and PurePosixPath(data.path) in PurePosixPath(item.path).parents:
        return ""
    if item.mount == "/":
        where = "inside the container: every task has its own, and all of it goes when the task ends"
    else:
        where = f"on the volume at {item.mount}, which is not the data volume at {data.path}"
    return (
        f"{name} is {item.path}, {where}. {_one_line(item, data)} Or, where that file has a folder of "
        f"its own without code in it, mount the data volume there: `path` in the `data` table."
    )


def _one_line(item: FoundDatabase, data: DataSettings) -> str:
    """Return the line that puts a database on the volume, by the name that the settings have for it."""
    name = PurePosixPath(item.path).name or f"{item.alias}.sqlite3"
    named = [path for path in data.databases if PurePosixPath(path).name == name]
    main = data.databases[:1] if item.alias == DEFAULT else []
    target = next(iter(named or main), f"{data.path}/{name}")
    unset = f", and `databases = [{_quoted(target)}]` in the `data` table of environments.toml"
    set_it = "" if target in data.databases else unset
    variable = "DATABASE_PATH" if item.alias == DEFAULT else f"{item.alias.upper()}_DATABASE_PATH"
    return (
        "Put it on the data volume: write in the application's settings, below DATABASES: "
        f"`import os; DATABASES[{item.alias!r}]['NAME'] = os.environ.get({variable!r}) or {target!r}`"
        f"{set_it}."
    )


def _shared(files: list[FoundDatabase]) -> list[str]:
    by_path: dict[str, list[str]] = {}
    for item in files:
        if item.path:
            by_path.setdefault(item.path, []).append(item.alias)
    return [
        f"Databases {' and '.join(map(repr, aliases))} are one file, {path}: each would migrate and lock it "
        "as its own. Give each a file, or leave one alias."
        for path, aliases in by_path.items()
        if len(aliases) > 1
    ]


def _unlike_settings(files: list[FoundDatabase], data: DataSettings) -> list[str]:
    """Compare what is kept safe with what there is; the main database is the first of the settings."""
    ordered = sorted(files, key=lambda item: item.alias != DEFAULT)
    paths = [item.path for item in ordered]
    unknown = [path for path in paths if path not in data.databases]
    unused = [path for path in data.databases if path not in paths]
    wanted = f"`databases = [{', '.join(map(_quoted, paths))}]` in the `data` table of environments.toml"
    if unknown:
        verb = "is" if len(unknown) == 1 else "are"
        kept = ", ".join(data.databases) or "none"
        fault = f"{', '.join(unknown)} {verb} not among the databases that are backed up ({kept})."
        return [f"{fault} Set {wanted} and run deploy-infrastructure."]
    if unused:
        return [
            f"The settings name {', '.join(unused)}, which this application's Django does not use. Set "
            f"{wanted} and run deploy-infrastructure"
            + ("." if paths else "; its database is a server's, which its owner backs up.")
        ]
    return []


def _vanished(item: FoundDatabase) -> str:
    return (
        f"{item.path} is not there or empty, though an earlier release kept its data in it. Nothing is "
        "migrated, as that would make an empty database in its place. Look at the volume; bring the newest "
        "backup back with restore-sqlite, to the file and then in its place."
    )


def _left_behind(item: FoundDatabase, left: list[str]) -> str:
    return (
        f"{item.path} is new and empty, while an earlier release kept its data in {', '.join(left)}: that "
        "would be left behind. Set the path back. To move the data: run backup-sqlite, then change the path, "
        "then restore-sqlite with in_place=true, which puts the newest backup at the new path."
    )


def _quoted(path: str) -> str:
    return f'"{path}"'
