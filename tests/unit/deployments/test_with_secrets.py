"""Secrets from files, as the compose file hands them over."""

import os
from pathlib import Path

import pytest

from deployments.platform import with_secrets
from deployments.platform.with_secrets import SecretFileError, resolve


def test_a_file_becomes_its_variable(tmp_path: Path) -> None:
    """The text takes the place of the path; other programs' files are left alone."""
    path = tmp_path / "auth"
    path.write_text("operator:word\n", encoding="utf-8")
    given = {"PREFECT_API_AUTH_STRING_FILE": str(path), "WEBHOOK_SECRET_FILE": "/run/x", "HOME": "/"}
    expected = {"PREFECT_API_AUTH_STRING": "operator:word", "WEBHOOK_SECRET_FILE": "/run/x", "HOME": "/"}
    assert resolve(given) == expected


def test_a_secret_takes_its_place_in_another_setting(tmp_path: Path) -> None:
    """A URL with a password needs no file of its own; other programs' variables are left alone."""
    (tmp_path / "word").write_text("s3cret\n", encoding="utf-8")
    given = {
        "PREFECT_REDIS_MESSAGING_PASSWORD_FILE": str(tmp_path / "word"),
        "PREFECT_SERVER_DOCKET_URL": "redis://:{PREFECT_REDIS_MESSAGING_PASSWORD}@messages:6379/1",
        "OTHER": "{PREFECT_REDIS_MESSAGING_PASSWORD}",
    }
    found = resolve(given)
    assert found["PREFECT_SERVER_DOCKET_URL"] == "redis://:s3cret@messages:6379/1"
    assert (found["PREFECT_REDIS_MESSAGING_PASSWORD"], found["OTHER"]) == ("s3cret", given["OTHER"])


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_secret_is_named(content: str | None, tmp_path: Path) -> None:
    """No file or an empty one: the container says which, instead of running without a password."""
    path = tmp_path / "auth"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SecretFileError, match="PREFECT_API_AUTH_STRING_FILE") as caught:
        resolve({"PREFECT_API_AUTH_STRING_FILE": str(path)})
    assert str(path) in str(caught.value)


def test_the_command_takes_this_process_s_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the secrets in its environment; the database is brought up to date before, where wanted."""
    (tmp_path / "auth").write_text("operator:word\n", encoding="utf-8")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING_FILE", str(tmp_path / "auth"))
    became: list[tuple[str, list[str], str]] = []
    monkeypatch.setattr(
        os, "execvpe", lambda name, words, env: became.append((name, words, env["PREFECT_API_AUTH_STRING"]))
    )
    monkeypatch.setattr(with_secrets, "_MIGRATE", ("true",))
    monkeypatch.setattr(with_secrets, "MIGRATED", tmp_path / "migrated")
    with_secrets.main(["prefect", "worker"])
    assert not (tmp_path / "migrated").exists()
    with_secrets.main(["--migrate", "prefect", "server"])
    assert (tmp_path / "migrated").exists()
    assert became == [
        ("prefect", ["prefect", "worker"], "operator:word"),
        ("prefect", ["prefect", "server"], "operator:word"),
    ]


def test_without_its_secret_the_container_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sentence that names it, and nothing is started."""
    monkeypatch.setenv("PREFECT_API_AUTH_STRING_FILE", "/none")
    with pytest.raises(SystemExit, match="PREFECT_API_AUTH_STRING_FILE names /none"):
        with_secrets.main(["prefect", "worker"])
