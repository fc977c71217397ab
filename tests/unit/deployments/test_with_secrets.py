"""Secrets from files, as the compose file hands them over."""

from pathlib import Path

import pytest

from deployments.platform.with_secrets import SecretFileError, resolve


def test_a_file_becomes_its_variable(tmp_path: Path) -> None:
    """The text takes the place of the path; other programs' files are left alone."""
    path = tmp_path / "auth"
    path.write_text("operator:word\n", encoding="utf-8")
    given = {"PREFECT_API_AUTH_STRING_FILE": str(path), "WEBHOOK_SECRET_FILE": "/run/x", "HOME": "/"}
    expected = {"PREFECT_API_AUTH_STRING": "operator:word", "WEBHOOK_SECRET_FILE": "/run/x", "HOME": "/"}
    assert resolve(given) == expected


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_secret_is_named(content: str | None, tmp_path: Path) -> None:
    """No file or an empty one: the container says which, instead of running without a password."""
    path = tmp_path / "auth"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SecretFileError, match="PREFECT_API_AUTH_STRING_FILE") as caught:
        resolve({"PREFECT_API_AUTH_STRING_FILE": str(path)})
    assert str(path) in str(caught.value)
