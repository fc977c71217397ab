"""What every test needs."""

import os
from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest
from hypothesis import settings

from pipeline.aws.access import forget_clients

# A busy machine is no fault of the code; and CI judges a change by the same examples each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# Every test has sessions of its own, and each would parse botocore's description of AWS anew: a third of all
# that the unit tests do. The files do not change.
botocore.session.create_loader = cache(botocore.session.create_loader)


@pytest.fixture(autouse=True)
def own_aws_clients() -> Iterator[None]:
    """Let no test use the AWS clients that another one made."""
    forget_clients()
    yield
    forget_clients()
