"""A database that is saved and replaced by one job: what is saved, and when nothing is replaced."""

from pathlib import Path
from typing import Any

import pytest
from noted_database import database, note

from pipeline.sqlite.job import backup
from pipeline.sqlite.job.errors import JobError
from pipeline.sqlite.job.exchange import exchange


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the notes of the databases that are sent."""
    found: list[str] = []

    def send(path: str, *_: object) -> dict[str, Any]:
        found.append(note(Path(path)))
        return {"compressed_bytes": 1, "parts": [1]}

    monkeypatch.setattr(backup, "send", send)
    return found


def exchanged(folder: Path) -> dict[str, Any]:
    """Save ``db`` and put ``new`` in its place."""
    place = {name: str(folder / file) for name, file in (("database", "db"), ("incoming", "new"))}
    swap = {**place, "aside": str(folder / "old"), "integrity": "integrity_check"}
    work = folder / "work"
    work.mkdir(exist_ok=True)
    job = {"database": place["database"], "integrity": "quick_check", "busy_timeout": 5.0, "patience": 1.0}
    return exchange({**job, "part_urls": [], "part_bytes": 1, "tries": 1, "swap": swap}, str(work))


def test_the_old_database_is_saved_before_it_goes(tmp_path: Path, sent: list[str]) -> None:
    """And is kept as a file."""
    database(tmp_path / "db", "old")
    database(tmp_path / "new", "new")
    done = exchanged(tmp_path)
    assert (sent, note(tmp_path / "db"), note(tmp_path / "old")) == (["old"], "new", "old")
    assert (done["parts"], done["swapped"]["aside"]) == ([1], str(tmp_path / "old"))


def test_a_job_that_was_killed_saves_the_old_one_from_where_it_is(tmp_path: Path, sent: list[str]) -> None:
    """Not the new one, which is in place already."""
    database(tmp_path / "db", "old")
    database(tmp_path / "new", "new")
    exchanged(tmp_path)
    (tmp_path / "work/copy.sqlite3").unlink()
    exchanged(tmp_path)
    assert sent == ["old", "old"]
    assert (note(tmp_path / "db"), note(tmp_path / "old")) == ("new", "old")


@pytest.mark.parametrize("there", [True, False])
def test_one_that_cannot_be_read_is_replaced_all_the_same(
    tmp_path: Path, sent: list[str], there: bool
) -> None:
    """The restore may be because of that; what there is stays as a file."""
    if there:
        (tmp_path / "db").write_bytes(b"rubbish" * 1000)
    database(tmp_path / "new", "new")
    done = exchanged(tmp_path)
    assert "unsaved" in done
    assert (sent, note(tmp_path / "db"), (tmp_path / "old").exists()) == ([], "new", there)


def test_what_cannot_be_sent_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has happened then."""

    def refuse(*_: object) -> None:
        raise JobError("upload-refused", "403")

    monkeypatch.setattr(backup, "send", refuse)
    database(tmp_path / "db", "old")
    database(tmp_path / "new", "new")
    with pytest.raises(JobError, match="403"):
        exchanged(tmp_path)
    assert (note(tmp_path / "db"), note(tmp_path / "new")) == ("old", "new")
    assert not (tmp_path / "old").exists()
