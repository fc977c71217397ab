"""Writes to a database as an application does, and tells how long its writes had to wait.

python tests/bench/writer.py DATABASE writes until its standard input ends, then prints JSON: commits,
failed, and the longest wait in seconds.
"""

import json
import select
import sqlite3
import sys
import time

_PER_SECOND = 140
_BUSY_TIMEOUT = 5.0
"""Django's default."""


def main(path: str) -> None:
    """Write at a steady pace."""
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT, isolation_level=None)
    commits, failed, longest = 0, 0, 0.0
    while not select.select([sys.stdin], [], [], 1 / _PER_SECOND)[0]:
        began = time.monotonic()
        try:
            connection.execute("INSERT INTO entry(amount, note) VALUES (1, 'written meanwhile')")
            commits += 1
        except sqlite3.OperationalError:
            failed += 1
        longest = max(longest, time.monotonic() - began)
    print(json.dumps({"commits": commits, "failed": failed, "longest": longest}))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(sys.argv[1])
