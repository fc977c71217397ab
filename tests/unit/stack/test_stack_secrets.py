"""The stack's own secrets are made once, for one user."""

import json
import sqlite3
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from support.settings import stack_settings

from deployments.local.stack.secrets import (
    AWS_KEY,
    ENCRYPTION_KEY,
    PREFECT_PASSWORD,
    WEBHOOK_SECRET,
    make_up,
    read,
    show_password,
)
from deployments.local.stack.settings import Settings
from deployments.secret_file import secret_in

NAMES = (PREFECT_PASSWORD, ENCRYPTION_KEY, AWS_KEY, WEBHOOK_SECRET)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A stack with an empty state folder."""
    return stack_settings(tmp_path / "state", 1, 2, 3)


def test_each_is_made_once_for_its_owner_alone(settings: Settings) -> None:
    """A second start finds the same; others may not read them."""
    make_up(settings)
    first = {name: read(settings, name) for name in NAMES}
    make_up(settings)
    assert {name: read(settings, name) for name in NAMES} == first
    assert {(settings.state / name).stat().st_mode & 0o777 for name in NAMES} == {0o600}
    assert sorted(path.name for path in settings.state.iterdir()) == sorted(NAMES)
    assert len({*first.values()}) == len(NAMES)


def test_the_password_names_a_user(settings: Settings) -> None:
    """Prefect's server wants USER:PASSWORD."""
    make_up(settings)
    user, _, password = read(settings, PREFECT_PASSWORD).partition(":")
    assert user == "vimbiso"
    assert len(password) >= 32


@pytest.mark.holds("people", "read")
def test_the_encryption_key_is_one(settings: Settings) -> None:
    """Prefect's server would refuse to start with another form."""
    make_up(settings)
    key = Fernet(read(settings, ENCRYPTION_KEY))
    assert key.decrypt(key.encrypt(b"x")) == b"x"


def test_blocks_of_an_earlier_version_stay_readable(settings: Settings) -> None:
    """It left the key to the server, which kept it in the database."""
    database = settings.state / "prefect/prefect.db"
    database.parent.mkdir(parents=True)
    with sqlite3.connect(database) as opened:
        opened.execute("create table configuration (key text, value text)")
        opened.execute(
            "insert into configuration values ('ENCRYPTION_KEY', ?)", [json.dumps({"fernet_key": "old"})]
        )
    opened.close()
    make_up(settings)
    assert read(settings, ENCRYPTION_KEY) == "old"


def test_what_a_killed_process_left_empty_is_made_again(tmp_path: Path) -> None:
    """An empty secret would be refused for ever."""
    file = tmp_path / "secret"
    file.touch()
    assert len(secret_in(file)) >= 32


def test_of_many_at_once_one_decides(tmp_path: Path) -> None:
    """The receiver and `up` may both come first."""
    file, found, all_make_one = tmp_path / "secret", list[str](), threading.Barrier(8)

    def come() -> None:
        found.append(secret_in(file, lambda: f"secret of {all_make_one.wait(240)}"))

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [file.read_text()] * 8
    assert list(tmp_path.iterdir()) == [file]


def test_a_person_is_told_where_it_is_and_not_what(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terminals are recorded and shared."""
    make_up(settings)
    monkeypatch.chdir(settings.state.parent)
    assert show_password(settings) == "cat state/prefect-password"
