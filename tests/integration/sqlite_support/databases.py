"""Makes databases, writes to them as an application does, and tells whether one is consistent."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WRITER = """
import itertools, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=300, isolation_level=None)
for number in itertools.count(1):
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO entry(amount, note) VALUES (?, ?)", (number, "x" * 200))
    connection.execute("UPDATE account SET balance = balance + ? WHERE id = ?", (number, number % 100 + 1))
    connection.execute("INSERT INTO entry(amount, note) VALUES (?, ?)", (-number, "y" * 200))
    connection.execute("COMMIT")
    print(number, flush=True)
"""

_HOT = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size=5")
connection.execute("PRAGMA cache_spill=5")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE entry SET note = note || 'z', amount = amount + 1")
os.kill(os.getpid(), signal.SIGKILL)
"""


def make(path: Path, journal: str = "delete", rows: int = 2000, payload: int = 200) -> Path:
    """Make a database of accounts, entries that add up to nothing, and Django's table of migrations."""
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.executescript(
        """
        CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
        CREATE TABLE entry(id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, note BLOB,
                           account_id INTEGER DEFAULT 1 REFERENCES account(id));
        CREATE INDEX entry_amount ON entry(amount);
        CREATE TABLE django_migrations(id INTEGER PRIMARY KEY, app TEXT, name TEXT, applied TEXT);
        INSERT INTO django_migrations(app, name, applied) VALUES ('ledger', '0001_initial', '2024-01-01');
        """
    )
    connection.executemany("INSERT INTO account VALUES (?, 0)", [(number,) for number in range(1, 101)])
    connection.executemany(
        "INSERT INTO entry(amount, note) VALUES (0, ?)", ((os.urandom(payload),) for _ in range(rows))
    )
    connection.commit()
    connection.close()
    return path


@contextmanager
def writing(path: Path) -> Iterator["Writer"]:
    """Write transactions as fast as the database takes them; the half one at the end is rolled back."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield Writer(process)
    finally:
        process.kill()
        process.communicate()
        state_after_rollback(path)


class Writer:
    """A process that writes; it tells the number of each committed transaction."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def committed(self, at_least: int) -> int:
        """Read on until this transaction is committed; return its number."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if int(line) >= at_least:
                return int(line)
        raise AssertionError(self._process.communicate()[1])


def kill_within_transaction(path: Path) -> None:
    """Leave a hot journal: a writer dies with half a transaction in the file."""
    subprocess.run([sys.executable, "-c", _HOT, str(path)], check=False)
    assert Path(f"{path}-journal").exists()


def state(path: Path) -> tuple[int, int, int]:
    """Return (sum of all amounts, newest transaction, sum of balances) of a sound database."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        total, newest = connection.execute("SELECT sum(amount), max(amount) FROM entry").fetchone()
        return total, newest, connection.execute("SELECT sum(balance) FROM account").fetchone()[0]
    finally:
        connection.close()


def files(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(item.name for item in folder.iterdir())


def state_after_rollback(path: Path) -> None:
    """Write as the application would: that rolls a hot journal back, and clears one that never became hot."""
    connection = sqlite3.connect(path)
    for step in (1, -1):  # SQLite opens no journal for a row that stays the same
        connection.execute("UPDATE account SET balance = balance + ? WHERE id = 1", (step,))
    connection.commit()
    connection.close()
    assert not Path(f"{path}-journal").exists()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


def rows(path: Path) -> int:
    """Return the number of entries."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM entry").fetchone()[0])
    finally:
        connection.close()


def add_rows(path: Path, count: int) -> None:
    """Add entries."""
    connection = sqlite3.connect(path)
    connection.executemany("INSERT INTO entry(amount, note) VALUES (0, ?)", [("n",)] * count)
    connection.commit()
    connection.close()
