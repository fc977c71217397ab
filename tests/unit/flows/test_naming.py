"""How runs are named."""

from typing import Any

import pytest

from flows.shared.naming import name_of


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"environment": "staging", "ref": None, "image": None}, "staging"),
        ({"environment": "staging", "ref": "v1.2", "image": None}, "staging: v1.2"),
        ({"environment": "staging", "ref": None, "image": "sha256:ab"}, "staging: sha256:ab"),
        ({"environment": "staging", "release": "1f2e3d"}, "staging: 1f2e3d"),
        ({"environment": "staging", "dry_run": True}, "staging"),
    ],
)
def test_run_is_named_by_environment_and_wish(parameters: dict[str, Any], name: str) -> None:
    """The name has what a person asked for, and no None."""
    assert name_of(parameters) == name
