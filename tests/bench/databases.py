"""Databases of any size, and an application that writes to them."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_WRITER = Path(__file__).with_name("writer.py")
_NOTE = 400
"""Random bytes of a note, written as text: it packs to half, as an application's rows do."""
_ROW = 2 * _NOTE + 30

_SCHEMA = """
    CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
    CREATE TABLE entry(id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, note TEXT);
    CREATE INDEX entry_amount ON entry(amount);
    CREATE TABLE django_migrations(id INTEGER PRIMARY KEY, app TEXT, name TEXT, applied TEXT);
    INSERT INTO django_migrations(app, name, applied) VALUES ('ledger', '0001_initial', '2024-01-01');
"""
_FILL = """
    INSERT INTO entry(amount, note)
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
    SELECT n % 1000, hex(randomblob(?)) FROM number
"""


def make(path: Path, mebibytes: int) -> None:
    """Make a database of about that size; nothing is left of it in the cache's dirty pages."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    connection.executescript(_SCHEMA)
    connection.execute(_FILL, (mebibytes * 2**20 // _ROW, _NOTE))
    connection.commit()
    connection.close()


@dataclass
class Waited:
    """What the writer met; all 0 until it has ended."""

    commits: int = 0
    failed: int = 0
    longest: float = 0.0


@contextmanager
def written_to(path: Path) -> Iterator[Waited]:
    """Let an application write until the end of the block."""
    command = [sys.executable, str(_WRITER), str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    waited = Waited()
    try:
        yield waited
        output, _ = process.communicate(timeout=60)
        for name, value in json.loads(output).items():
            setattr(waited, name, value)
    finally:
        process.kill()
        process.wait()
