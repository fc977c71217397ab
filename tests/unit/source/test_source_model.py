"""What a release is called."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.environment.model import SourceSettings
from pipeline.source.location import ResolvedSource

_SHA = "0123456789abcdef0123456789abcdef01234567"
_CONTENT = "fedcba98" * 8


def test_another_recipe_makes_another_release() -> None:
    """The same commit built otherwise is another image; it must not be taken for the one in the registry."""
    source = ResolvedSource(Path("/app"), "/app", None, _SHA, recipe="1a2b3c4d")
    assert source.release == "0123456789ab-1a2b3c4d"
    dirty = ResolvedSource(Path("/app"), "/app", None, _SHA, _CONTENT, "1a2b3c4d")
    assert dirty.release == "0123456789ab-dirty-fedcba98fedc-1a2b3c4d"


@pytest.mark.parametrize(
    ("build", "same"),
    [
        ({}, True),
        ({"repository": "https://mirror.example/app.git"}, True),
        ({"context": ".", "dockerfile": "Dockerfile"}, True),
        ({"build_args": {"B": "2", "A": "1"}}, False),
        ({"target": "production"}, False),
        ({"dockerfile": "docker/Dockerfile"}, False),
        ({"context": "app"}, False),
    ],
)
def test_the_recipe_is_what_is_not_default(build: dict[str, Any], same: bool) -> None:
    """A plain build is named by its commit alone; the order of arguments does not count."""
    plain, other = (
        SourceSettings(repository="https://example/app.git"),
        SourceSettings(**{"repository": "x", **build}),
    )
    assert plain.recipe == ""
    assert (other.recipe == "") is same
    again = SourceSettings(
        **{"repository": "y", **build, "build_args": dict(reversed(other.build_args.items()))}
    )
    assert again.recipe == other.recipe


def test_other_values_of_build_arguments_are_another_recipe() -> None:
    """Each value counts."""
    recipes = {SourceSettings(repository="x", build_args={"A": value}).recipe for value in ("1", "2", "")}
    assert len(recipes) == 3


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
