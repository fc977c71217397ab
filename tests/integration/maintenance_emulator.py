"""An emulator of AWS for the maintenance tests, on a port of its own."""

from collections.abc import Iterator

import pytest
from support.ministack import REGION, ministack
from support.ports import free_port

from pipeline.aws.access import AwsAccess

__all__ = ["REGION", "aws"]


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsAccess]:
    """Access to an emulator that is empty at first."""
    with ministack(free_port()) as access:
        yield access
