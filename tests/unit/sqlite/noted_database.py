"""A database that holds a note, by which it is known again."""

import sqlite3
from pathlib import Path


def database(path: Path, note: str) -> Path:
    """Make a database that holds a note."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE note(text)")
    connection.execute("INSERT INTO note VALUES (?)", (note,))
    connection.commit()
    connection.close()
    return path


def note(path: Path) -> str:
    """Return the note."""
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("SELECT text FROM note").fetchone()[0])
    finally:
        connection.close()
