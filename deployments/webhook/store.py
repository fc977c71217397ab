"""Memory of the receiver across restarts: deliveries it has seen and statuses it has reported."""

import json
import sqlite3
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, at REAL NOT NULL, answer TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS reported (run TEXT PRIMARY KEY, deployment INTEGER NOT NULL, state TEXT NOT NULL);
"""


class DeliveryStore:
    """A small SQLite file, used by one process."""

    def __init__(self, path: Path, keep: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._keep = keep
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def seen(self, key: str) -> Any:
        """Return the answer that the delivery got; None for a new one."""
        row = self._database.execute("SELECT answer FROM seen WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def claim(self, key: str, now: float) -> bool:
        """Take a nonce; False where it was taken before."""
        self._database.execute("DELETE FROM seen WHERE at < ?", (now - self._keep,))
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, '{}')", (key, now))
        return added.rowcount == 1

    def release(self, key: str) -> None:
        """Give a nonce back whose request failed through no fault of the caller."""
        self._database.execute("DELETE FROM seen WHERE key = ?", (key,))

    def remember(self, key: str, now: float, answer: Any) -> None:
        """Keep the answer for a redelivery, and forget what no redelivery can ask for any more."""
        self._database.execute("DELETE FROM seen WHERE at < ?", (now - self._keep,))
        self._database.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (key, now, json.dumps(answer)))

    def reported(self, run: str) -> tuple[int, str] | None:
        """Return GitHub's deployment id and the state last reported for a run."""
        return self._database.execute(  # type: ignore[no-any-return]
            "SELECT deployment, state FROM reported WHERE run = ?", (run,)
        ).fetchone()

    def report(self, run: str, deployment: int, state: str) -> None:
        """Keep what was reported."""
        self._database.execute("INSERT OR REPLACE INTO reported VALUES (?, ?, ?)", (run, deployment, state))
