"""Credentials are split off the URL."""

import base64

import pytest

from pipeline.source.errors import SourceError
from pipeline.source.location import Location, is_url, parse_location


@pytest.mark.parametrize(
    ("repository", "token", "expected"),
    [
        ("https://host/a.git", "", Location("https://host/a.git")),
        ("https://host/a.git", "T", Location("https://host/a.git", "", "T")),
        ("https://T@host/a.git", "", Location("https://host/a.git", "", "T")),
        ("https://me:T@host:8443/a.git", "", Location("https://host:8443/a.git", "me", "T")),
        ("https://me:p%40ss@host/a.git", "", Location("https://host/a.git", "me", "p@ss")),
        ("https://old@host/a.git", "NEW", Location("https://host/a.git", "", "NEW")),
        ("git@host:a/b.git", "", Location("git@host:a/b.git")),
        ("ssh://git@host/a.git", "", Location("ssh://git@host/a.git")),
    ],
)
def test_parse(repository: str, token: str, expected: Location) -> None:
    """The URL can be shown, the token can't be seen."""
    location = parse_location(repository, token)
    assert expected == location
    if location.token:
        assert location.token not in repr(location)
        assert location.token not in location.url


def test_header() -> None:
    """The header is HTTP's basic authorisation, with the user name that hosts take for tokens."""
    header = parse_location("https://host/a.git", "T").header
    assert header == "Authorization: Basic " + base64.b64encode(b"x-access-token:T").decode()
    assert parse_location("https://host/a.git").header == ""


def test_scheme() -> None:
    """git's remote helpers, which run commands, are no source."""
    with pytest.raises(SourceError, match="'ext'"):
        parse_location("ext://sh -c whoami")


@pytest.mark.parametrize(
    ("repository", "expected"),
    [("https://h/a", True), ("git@h:a/b", True), ("examples/app", False), ("/srv/a", False), (".", False)],
)
def test_is_url(repository: str, expected: bool) -> None:
    """A folder isn't taken for a URL."""
    assert expected == is_url(repository)
