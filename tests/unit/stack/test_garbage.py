"""Garbage of the Prefect server is collected aside. Each way is tried in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

_PATIENCE = 3.0
_PROGRAM = """
import sqlite3, sys, threading, time
path, aside = sys.argv[1], sys.argv[2] == "aside"
if aside:
    from deployments.stack.server import collect_garbage_aside
    collect_garbage_aside(young=0.05)
options = {{"timeout": {patience}, "isolation_level": None, "check_same_thread": False}}
holder, waiting = sqlite3.connect(path, **options), sqlite3.connect(path, **options)
holder.execute("PRAGMA journal_mode = WAL")
holder.execute("CREATE TABLE t (value INTEGER UNIQUE)")
holder.execute("INSERT INTO t VALUES (1)")

def cycle():
    cursor = waiting.cursor()
    try:
        cursor.execute("INSERT INTO t VALUES (1)")
    except sqlite3.IntegrityError:
        made = [cursor]  # a cursor that failed keeps its statement, and is often part of a traceback
        made.append(made)
        return made

litter = cycle()
holder.execute("BEGIN IMMEDIATE")
def wait():
    try:
        waiting.execute("INSERT INTO t VALUES (2)")
    except sqlite3.OperationalError:
        print("refused")
thread = threading.Thread(target=wait)
thread.start()
time.sleep(0.3)
del litter
made, longest, last = [], 0.0, time.monotonic()
for _ in range(1_000_000):
    made.append([])  # what the collector counts
    now = time.monotonic()
    longest, last = max(longest, now - last), now
holder.execute("COMMIT")
thread.join()
print("longest", longest)
"""


@pytest.mark.parametrize("way", ["aside", "usual"])
def test_the_event_loop_does_not_wait_for_a_connection_that_waits_for_it(way: str, tmp_path: Path) -> None:
    """Whoever holds the lock goes on; in Python's usual way it stands still until SQLite's patience ends."""
    program = [sys.executable, "-c", _PROGRAM.format(patience=_PATIENCE), str(tmp_path / "db"), way]
    said = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True).stdout.split()
    longest = float(said[-1])
    if way == "aside":
        assert longest < 1
        assert "refused" not in said
    else:
        assert longest > 1, "the litter is not what it is meant to be"
        assert "refused" in said
