"""What a release is called."""

import re
from pathlib import Path

import pytest

from pipeline.source import ResolvedSource

_SHA = "0123456789abcdef0123456789abcdef01234567"
_CONTENT = "fedcba98" * 8


@pytest.mark.parametrize(
    ("revision", "content", "release", "dirty"),
    [
        (_SHA, "", "0123456789ab", False),
        (_SHA, _CONTENT, "0123456789ab-dirty-fedcba98fedc", True),
        ("", _CONTENT, "content-fedcba98fedc", False),
    ],
)
def test_release(revision: str, content: str, release: str, dirty: bool) -> None:
    """The commit names the release; changes on top of it, and folders outside git, are named as such."""
    source = ResolvedSource(Path("/app"), "/app", None, revision, content)
    assert (release, dirty) == (source.release, source.dirty)
    assert re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", source.release)
