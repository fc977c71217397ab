"""Credentials are split off the URL."""

import base64

import pytest

from pipeline.source.location import Location, SourceError, is_url, parse_location, repository_id


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
    [
        ("https://github.com/Acme/App", "github.com/acme/app"),
        ("https://github.com/acme/app.git", "github.com/acme/app"),
        ("https://github.com/acme/app.git/", "github.com/acme/app"),
        ("https://me:secret@github.com/acme/app", "github.com/acme/app"),
        ("https://GitHub.com:443/acme/app", "github.com/acme/app"),
        ("HTTPS://GITHUB.COM/ACME/APP.GIT", "github.com/acme/app"),
        ("ssh://git@github.com/acme/app.git", "github.com/acme/app"),
        ("ssh://git@github.com:22/acme/app.git", "github.com/acme/app"),
        ("git@github.com:acme/app.git", "github.com/acme/app"),
        ("git@github.com:/acme/app", "github.com/acme/app"),
        ("git://git.host/app", "git.host/app"),
        ("file:///srv/app.git", "/srv/app"),
        ("https://github.com", None),
        ("https://[broken/acme/app", None),
        ("examples/app", None),
        ("examples/app@2", None),
        ("me@host/path", None),
        ("./git@host:a/b", None),
        ("/srv/app", None),
        (".", None),
        ("", None),
    ],
)
def test_every_spelling_names_one_repository(repository: str, expected: str | None) -> None:
    """The webhook compares what the resolver fetches; a folder isn't taken for a URL, whatever its name."""
    assert repository_id(repository) == expected
    if expected is not None:
        assert is_url(repository)
        assert repository_id(parse_location(repository).url) == expected


def test_a_folder_is_no_url() -> None:
    """An at sign or a colon behind a slash is part of a folder's name, as it is to git."""
    assert not any(map(is_url, ("examples/app", "examples/app@2", "me@host/path", "./git@host:a/b", ".")))


def test_a_malformed_url_is_refused_without_its_secret() -> None:
    """What Python says of it would show the token."""
    with pytest.raises(SourceError, match="malformed") as caught:
        parse_location("https://me:secret@[host/a.git")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
