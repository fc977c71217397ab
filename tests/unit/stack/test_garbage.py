"""Garbage of the Prefect server is collected aside. Each way is tried in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import contextlib, sqlite3, sys, threading, weakref
path, way, patience = sys.argv[1:]
if way == "aside":
    from deployments.local.stack.server import collect_garbage_aside
    collect_garbage_aside(young=0.05)
options = {"timeout": float(patience), "isolation_level": None, "check_same_thread": False}
holder, waiting = sqlite3.connect(path, **options), sqlite3.connect(path, **options)
holder.execute("PRAGMA journal_mode = WAL")
holder.execute("CREATE TABLE t (value INTEGER)")
begun, found = threading.Event(), threading.Event()

class Litter(list):
    pass

# A cursor in the midst of its rows keeps its statement. (One that failed does so, too, before Python 3.12.)
litter = Litter([waiting.execute("VALUES (1), (2)")])
litter.append(litter)
noted = weakref.ref(litter, lambda _: found.set())  # called when the collector is about to free the litter

def wait():
    # Python may lose the error: freeing the litter resets the connection's error code before it is read.
    with contextlib.suppress(sqlite3.OperationalError):
        waiting.execute("INSERT INTO t VALUES (2)")

holder.execute("BEGIN IMMEDIATE")
waiting.set_trace_callback(lambda _: begun.set())  # called with the connection's mutex held
thread = threading.Thread(target=wait)
thread.start()
begun.wait()
del litter
made = []
while not found.is_set():
    made.append([])  # what the collector counts
    if len(made) > 1_000_000:
        made.clear()
for _ in range(100_000):
    made.append([])
holder.execute("COMMIT")
thread.join()
print(*holder.execute("SELECT count(*) FROM t").fetchone())
"""


@pytest.mark.parametrize(("way", "patience", "written"), [("aside", 120, "1"), ("usual", 2, "0")])
def test_the_event_loop_does_not_wait_for_a_connection_that_waits_for_it(
    way: str, patience: float, written: str, tmp_path: Path
) -> None:
    """Whoever holds the lock goes on; in Python's usual way it stands still until the other is given up."""
    program = [sys.executable, "-c", _PROGRAM, str(tmp_path / "db"), way, str(patience)]
    ended = subprocess.run(program, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == written
