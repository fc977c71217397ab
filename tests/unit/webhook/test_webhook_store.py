"""The receiver's file of what it has seen, whole, damaged and out of reach."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from deployments.webhook.service import DeliveryStore


def torn(content: bytes) -> bytes:
    """Return a file whose pages behind the first are noise."""
    return content[:4096] + b"\xa5" * (len(content) - 4096)


@pytest.mark.parametrize("damage", [torn, lambda _: b"no database" * 999, lambda content: content[:5000]])
def test_a_damaged_file_is_set_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[bytes], bytes]
) -> None:
    """The receiver goes on with a new one, says so, and keeps the old one for whoever looks."""
    path = tmp_path / "webhook.db"
    with closing(DeliveryStore(path, 1000)) as store:
        for number in range(200):
            store.remember(f"delivery {number}", number, {"runs": ["x" * 100]})
    path.write_bytes(damage(path.read_bytes()))
    left = path.read_bytes()
    with closing(DeliveryStore(path, 1000)) as store:
        assert store.seen("delivery 7") is None
        assert store.claim("nonce", 1.0)
    assert "store-damaged" in capsys.readouterr().out
    (aside,) = [found for found in tmp_path.glob("webhook.db.damaged-*") if not found.name.endswith("l")]
    assert aside.read_bytes() == left
    with closing(DeliveryStore(path, 1000)) as store:
        assert not store.claim("nonce", 2.0)


def test_a_file_that_cannot_be_opened_stays_where_it_is(tmp_path: Path) -> None:
    """Whose fault that is, a new file would not mend."""
    path = tmp_path / "webhook.db"
    path.mkdir()
    with pytest.raises(sqlite3.OperationalError):
        DeliveryStore(path, 1000)
    assert path.is_dir()


def test_a_column_that_a_newer_version_added_is_no_trouble(tmp_path: Path) -> None:
    """Going back by one version must not stop the receiver."""
    path = tmp_path / "webhook.db"
    DeliveryStore(path, 1000).close()
    with closing(sqlite3.connect(path)) as newer:
        for table in ("seen", "reported"):
            newer.execute(f"ALTER TABLE {table} ADD COLUMN added TEXT DEFAULT ''")
    with closing(DeliveryStore(path, 1000)) as store:
        assert store.claim("nonce", 1.0)
        store.remember("delivery", 1.0, {"runs": []})
        store.report("run", 7, "success")
        assert store.seen("delivery") == {"runs": []}
        assert store.reported("run") == (7, "success")


def test_what_was_reported_stays_bounded(tmp_path: Path) -> None:
    """A year of runs; the last of them are still known."""
    with closing(DeliveryStore(tmp_path / "webhook.db", 1000)) as store:
        for number in range(6000):
            store.report(f"run {number}", number, "success")
        assert store.reported("run 0") is None
        assert store.reported("run 1001") == (1001, "success")
        assert store.reported("run 5999") == (5999, "success")
