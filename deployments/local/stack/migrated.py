"""Whether the Prefect server's database is already what this version of Prefect makes of it.

Where it is, the server starts in two thirds of its time: it need not go through its migrations and blocks.
"""

import json
import sqlite3
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

_START = ("PREFECT_API_DATABASE_MIGRATE_ON_START", "PREFECT_API_BLOCKS_REGISTER_ON_START")


def variables(home: Path) -> dict[str, str]:
    """Return the server's settings for a database that needs nothing; none for any other."""
    noted = None
    with suppress(OSError, ValueError):
        noted = json.loads(_note(home).read_text(encoding="utf-8"))
    current = noted is not None and noted == _present(home)
    return dict.fromkeys(_START, "false") if current else {}


def note(home: Path) -> None:
    """Note what a server that has started has made of the database."""
    if present := _present(home):
        _note(home).write_text(json.dumps(present), encoding="utf-8")


def _note(home: Path) -> Path:
    return home / "migrated.json"


def _present(home: Path) -> dict[str, str] | None:
    """Return Prefect's version and the database's; an older database that was put back is told by its own."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{home / 'prefect.db'}?mode=ro", uri=True)) as database,
    ):
        (revision,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        return {"prefect": version("prefect"), "revision": revision}
    return None
