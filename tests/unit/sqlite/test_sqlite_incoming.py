"""Files from elsewhere: what becomes a database on the worker, and what is refused with which words."""

import gzip
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from moto import mock_aws

from pipeline.aws.access import AwsAccess
from pipeline.sqlite.incoming import ImportFileError, Incoming, make_ready

ACCESS = AwsAccess("af-south-1", access_key_id="x", secret_access_key="x")
SECRET = "alice@example.org"


def fill(path: Path, *, wal: bool = False) -> Path:
    """Make a database of 200 payments and two migrations."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
        database.execute("CREATE TABLE payment (id INTEGER PRIMARY KEY, who TEXT)")
        database.executemany("INSERT INTO payment VALUES (?, ?)", [(i, SECRET * 20) for i in range(200)])
        database.execute("CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT)")
        database.execute("INSERT INTO django_migrations VALUES (1, 'pay', '0001_initial')")
        database.execute("INSERT INTO django_migrations VALUES (2, 'pay', '0002_more')")
    return path


def dumped(path: Path) -> str:
    """Return a database's dump, with a row and a trigger that contain ends of lines and statements."""
    with closing(sqlite3.connect(fill(path))) as database, database:
        database.execute("INSERT INTO payment VALUES (900, 'a;\nb;\r\n''')")
        database.execute(
            "CREATE TRIGGER t AFTER DELETE ON payment BEGIN\nDELETE FROM payment;\nSELECT 1;\nEND"
        )
        return "\n".join(database.iterdump())


def ready(tmp_path: Path, source: Path | str) -> Incoming:
    """Bring it to a folder of its own."""
    folder = tmp_path / "folder"
    folder.mkdir(exist_ok=True)
    return make_ready(ACCESS, str(source), folder)


def test_a_database_is_copied_and_stays_as_it_is(tmp_path: Path) -> None:
    """Its tables, rows and migrations are known, its copy is no longer in WAL mode."""
    source = fill(tmp_path / "old.db", wal=True)
    before = source.read_bytes()
    found = ready(tmp_path, source)
    assert found.checks.rows == {"payment": 200, "django_migrations": 2}
    assert found.checks.migrations == ("pay.0001_initial", "pay.0002_more")
    assert (found.journal, found.path.read_bytes()[18], source.read_bytes()) == ("wal", 1, before)
    assert found.sha256 == ready(tmp_path, source).sha256


@pytest.mark.parametrize("packed", [False, True])
def test_a_dump_is_loaded_row_by_row(tmp_path: Path, packed: bool) -> None:
    """Also one whose rows and triggers contain semicolons at the ends of lines."""
    text = dumped(tmp_path / "old.db").encode()
    source = tmp_path / ("old.sql.gz" if packed else "old.sql")
    source.write_bytes(gzip.compress(text) if packed else text)
    found = ready(tmp_path, source)
    assert found.checks.rows["payment"] == 201
    with closing(sqlite3.connect(found.path)) as database:
        assert database.execute("SELECT who FROM payment WHERE id = 900").fetchone() == ("a;\nb;\r\n'",)


def test_a_packed_database_is_unpacked(tmp_path: Path) -> None:
    """Whatever its name: its first bytes tell."""
    source = tmp_path / "old.backup"
    source.write_bytes(gzip.compress(fill(tmp_path / "old.db").read_bytes()))
    assert ready(tmp_path, source).checks.rows["payment"] == 200


def corrupt(path: Path) -> None:
    """Spoil a page in the middle."""
    content = bytearray(fill(path).read_bytes())
    content[8192:12288] = b"\x07" * 4096
    path.write_bytes(content)


def truncated(path: Path) -> None:
    """Leave the last third out."""
    content = fill(path).read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


def without_tables(path: Path) -> None:
    """Make a database that nobody has migrated."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version=3")


def beside(side: str) -> Callable[[Path], None]:
    """Make a database with changes in a file beside it."""
    return lambda path: fill(path).with_name(path.name + side).write_bytes(b"x") and None


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda path: path, "there is no such file on the worker"),
    "folder": (Path.mkdir, "there is no such file on the worker"),
    "empty": (Path.touch, "it is empty"),
    "empty-gz": (lambda path: path.write_bytes(gzip.compress(b"")), "it is empty"),
    "not-sqlite": (lambda path: path.write_bytes(b"rubbish" * 999), "it is no SQLite database"),
    "corrupt": (corrupt, "fails integrity_check|malformed"),
    "truncated": (truncated, "fails integrity_check|malformed"),
    "truncated-gz": (
        lambda path: path.write_bytes(gzip.compress(fill(path).read_bytes())[:-200]),
        "its gzip is damaged or ends too early",
    ),
    "no-tables": (without_tables, "it has no tables"),
    "wal": (beside("-wal"), r"old\.db-wal beside it holds changes"),
    "journal": (beside("-journal"), r"old\.db-journal beside it holds changes"),
}


@pytest.mark.parametrize(("make", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_database_is_refused(
    tmp_path: Path, make: Callable[[Path], object], why: str
) -> None:
    """With what is wrong, and that nothing was done."""
    make(tmp_path / "old.db")
    with pytest.raises(ImportFileError, match=rf"old\.db cannot be imported: .*({why}).*Nothing was done\."):
        ready(tmp_path, tmp_path / "old.db")


DUMPS = {
    "of-another": ("COPY public.payment FROM stdin;\n", "line 1 of the dump"),
    "cut": ("BEGIN;\nCREATE TABLE a (b);\nINSERT INTO a VALUES (1);\n", "its end is missing"),
    "cut-in-a-row": (f"CREATE TABLE a (b);\nINSERT INTO a VALUES ('{SECRET}", "line 2 of the dump"),
    "foreign-row": (f"CREATE TABLE a (b);\nINSERT INTO a VALUES ({SECRET});\n", "line 2 of the dump"),
    "rolled-back": ("BEGIN;\nCREATE TABLE a (b);\nROLLBACK; -- due to errors\n", "it has no tables|empty"),
    "binary": ("\x00\x01", "line 1 of the dump|line 0"),
}


@pytest.mark.parametrize(("content", "why"), DUMPS.values(), ids=DUMPS)
def test_a_dump_that_cannot_be_loaded_is_refused_without_a_word_of_its_rows(
    tmp_path: Path, content: str, why: str
) -> None:
    """The line tells where to look; what stands there is nobody's to log."""
    source = tmp_path / "old.sql"
    source.write_text(content)
    with pytest.raises(ImportFileError, match=why) as refused:
        ready(tmp_path, source)
    error: BaseException | None = refused.value
    while error is not None:
        assert SECRET not in str(error)
        error = None if error.__suppress_context__ and error.__cause__ is None else error.__cause__


@pytest.mark.parametrize("statement", ["ATTACH DATABASE '{}' AS x", "VACUUM INTO '{}'"])
def test_a_dump_reaches_no_other_file(tmp_path: Path, statement: str) -> None:
    """It comes from elsewhere, and is carried out on the worker."""
    source, other = tmp_path / "old.sql", tmp_path / "other.db"
    source.write_text(f"CREATE TABLE a (b);\n{statement.format(other)};\n")
    with pytest.raises(ImportFileError, match="line 2 of the dump"):
        ready(tmp_path, source)
    assert not other.exists()


def test_a_file_that_is_written_to_meanwhile_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of it may hold half a transaction."""
    source = fill(tmp_path / "old.db")

    def copy(content: object, target: object, size: int) -> None:
        source.write_bytes(source.read_bytes() + b"more")

    monkeypatch.setattr("pipeline.sqlite.incoming.shutil.copyfileobj", copy)
    with pytest.raises(ImportFileError, match="it was written to meanwhile"):
        ready(tmp_path, source)


def test_an_object_in_s3_is_brought_to_the_worker(tmp_path: Path) -> None:
    """One that is not there, or that has no key, is named as such."""
    with mock_aws():
        s3 = ACCESS.client("s3")
        s3.create_bucket(Bucket="old", CreateBucketConfiguration={"LocationConstraint": "af-south-1"})
        s3.put_object(
            Bucket="old", Key="imports/db.gz", Body=gzip.compress(fill(tmp_path / "a").read_bytes())
        )
        assert ready(tmp_path, "s3://old/imports/db.gz").checks.rows["payment"] == 200
        for source in ("s3://old/imports/other.gz", "s3://old"):
            with pytest.raises(ImportFileError, match="there is no such object in S3"):
                ready(tmp_path, source)
