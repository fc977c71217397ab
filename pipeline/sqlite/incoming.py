"""File from elsewhere that is to become a database: brought to the worker, unpacked or loaded, checked."""

import gzip
import hashlib
import shutil
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import S3Bucket
from pipeline.sqlite.job import source as header
from pipeline.sqlite.job.checks import check
from pipeline.sqlite.job.errors import JobError
from pipeline.sqlite.model import Checks, SqliteError

_GZIP = b"\x1f\x8b"
_SQLITE = b"SQLite format 3\x00"
_SIDES = ("-wal", "-journal")


class ImportFileError(SqliteError):
    """The file cannot become a database."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source} cannot be imported: {why.rstrip('.')}. Nothing was done.")


@dataclass(frozen=True)
class Incoming:
    """A sound database on the worker, of its own file, in a rollback journal mode."""

    source: str
    path: Path
    sha256: str
    journal: str
    """Mode that the source was in: wal, or delete for any other."""
    checks: Checks


def make_ready(access: AwsAccess, source: str, folder: Path) -> Incoming:
    """Bring ``source``, a local path or ``s3://BUCKET/KEY``, to ``folder`` as a database; it stays as it is.

    A gzip of one is unpacked. A dump in SQL is loaded into a new file, as nothing but SQL for that file.

    Raises:
        ImportFileError: no such file, empty, in use, truncated, corrupt, without tables, not SQLite.
        AwsError: it cannot be read from S3.
    """
    with _refusing(source):
        file = _downloaded(access, source, folder) if source.startswith("s3://") else _local(Path(source))
        database = _database(file, folder)
        journal = header.inspect(str(database)).journal
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        checks = Checks.model_validate(check(str(database), "integrity_check"))
        if not checks.rows:
            raise JobError("corrupt", "it has no tables")
        with database.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Incoming(source, database, digest, journal, checks)


@contextmanager
def _refusing(source: str) -> Iterator[None]:
    try:
        yield
    except JobError as error:
        raise ImportFileError(source, str(error)) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ImportFileError(source, "its gzip is damaged or ends too early") from error
    except sqlite3.Error as error:
        raise ImportFileError(source, f"SQLite: {error}") from error
    except OSError as error:
        raise ImportFileError(source, f"{error.strerror or error} ({error.filename or 'a file'})") from error


def _downloaded(access: AwsAccess, source: str, folder: Path) -> Path:
    bucket, _, key = source.removeprefix("s3://").partition("/")
    objects = S3Bucket(access, bucket)
    if not key or objects.head(key) is None:
        raise JobError("no-database", "there is no such object in S3")
    target = folder / f"downloaded-{Path(key).name}"
    objects.download(key, target)
    return target


def _local(file: Path) -> Path:
    if not file.is_file():
        raise JobError("no-database", "there is no such file on the worker")
    sides = [side for side in _SIDES if _size(file.with_name(file.name + side))]
    if sides:
        raise JobError(
            "in-use",
            f"{' and '.join(file.name + side for side in sides)} beside it holds changes that the file "
            "lacks: it is in use, or was not closed. Make a copy of it with sqlite3's .backup",
        )
    return file


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _database(file: Path, folder: Path) -> Path:
    """Copy, unpack or load the file; what it is its first bytes say, and of a dump its name."""
    packed = _begins(file, _GZIP)
    database, before = folder / "import.sqlite3", file.stat()
    with gzip.open(file) if packed else file.open("rb") as content, database.open("wb") as target:
        shutil.copyfileobj(content, target, 1 << 20)
    after = file.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise JobError("in-use", "it was written to meanwhile. Make a copy of it with sqlite3's .backup")
    if not _size(database):
        raise JobError("no-database", "it is empty")
    if _begins(database, _SQLITE):
        return database
    if not file.name.removesuffix(".gz").endswith(".sql"):
        raise JobError("corrupt", "it is no SQLite database; the name of a dump ends in .sql or .sql.gz")
    loaded = folder / "loaded.sqlite3"
    loaded.unlink(missing_ok=True)
    load_dump(database, loaded)
    return loaded


def _begins(file: Path, magic: bytes) -> bool:
    with file.open("rb") as content:
        return content.read(len(magic)) == magic


def load_dump(dump: Path, target: Path) -> None:
    """Carry out a dump's SQL in a new file, and no other: it may attach no further one.

    Raises:
        JobError: SQLite refuses a statement, or the dump ends too early. A row's content is not told.
    """
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.set_authorizer(_only_this_file)
        with dump.open(encoding="utf-8", newline="\n") as lines:
            _carry_out(connection, lines)
        if connection.in_transaction:
            raise JobError("corrupt", "the dump ends within a transaction: its end is missing")


def _carry_out(connection: sqlite3.Connection, lines: Iterable[str]) -> None:
    statement, read = "", 0
    try:
        for line in lines:
            statement, read = statement + line, read + 1
            if line.rstrip().endswith(";") and sqlite3.complete_statement(statement):
                connection.execute(statement)
                statement = ""
        connection.execute(statement)
    except (sqlite3.Error, sqlite3.Warning, ValueError):
        where = f"the statement that ends in line {read} of the dump"
        # Not chained: SQLite's message may quote a row.
        raise JobError("corrupt", f"SQLite cannot load {where}") from None


def _only_this_file(action: int, *_: object) -> int:
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK
