"""How git is run."""

from pathlib import Path

import pytest

from pipeline.source.checkout import git, git_environment, redact
from pipeline.source.location import Location, SourceError

_OPEN = Location("https://host:8443/a.git", "", "T0KEN")


def test_environment_carries_the_token() -> None:
    """The token goes as a header to its own host only, after what the person configured."""
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c", "HOME": "/h"}
    values = git_environment(given, _OPEN)
    assert values["GIT_CONFIG_COUNT"] == "2"
    assert values["GIT_CONFIG_KEY_1"] == "http.https://host:8443/.extraHeader"
    assert values["GIT_CONFIG_VALUE_1"] == _OPEN.header
    assert (values["GIT_CONFIG_KEY_0"], values["HOME"]) == ("a.b", "/h")


def test_environment_never_asks() -> None:
    """Nobody sits at the keyboard: git and ssh fail instead of asking."""
    values = git_environment({}, None)
    assert values["GIT_TERMINAL_PROMPT"] == "0"
    assert "BatchMode=yes" in values["GIT_SSH_COMMAND"]
    assert git_environment({"GIT_SSH_COMMAND": "mine"}, None)["GIT_SSH_COMMAND"] == "mine"


def test_redact() -> None:
    """Neither the token nor its encoded form is shown."""
    encoded = _OPEN.header.rpartition(" ")[2]
    assert redact(f"fatal: T0KEN {encoded}", _OPEN) == "fatal: *** ***"


def test_failure(tmp_path: Path) -> None:
    """git's own words are kept."""
    with pytest.raises(SourceError, match="not a git repository"):
        git(["rev-parse", "HEAD"], folder=tmp_path)


def test_timeout(tmp_path: Path) -> None:
    """git doesn't outlive its time, and the message names what it was doing."""
    with pytest.raises(SourceError, match="git hash-object did not end within 0 s"):
        git(["hash-object", "/dev/zero"], folder=tmp_path, timeout=0.2)
