"""Fixtures of the ECS tests."""

from collections.abc import Iterator

import pytest
from ecs_stubs import StubbedAccess


@pytest.fixture
def aws() -> Iterator[StubbedAccess]:
    """Scripted AWS; every scripted answer must have been asked for at the end."""
    access = StubbedAccess()
    yield access
    access.nothing_left()
