"""What every test needs."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from pipeline.aws.access import forget_clients

# A busy machine is no fault of the code; and CI judges a change by the same examples each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(autouse=True)
def own_aws_clients() -> Iterator[None]:
    """Let no test use the AWS clients that another one made."""
    forget_clients()
    yield
    forget_clients()
