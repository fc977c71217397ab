"""What every test needs."""

from collections.abc import Iterator

import pytest

from pipeline.aws.access import forget_clients


@pytest.fixture(autouse=True)
def own_aws_clients() -> Iterator[None]:
    """Let no test use the AWS clients that another one made."""
    forget_clients()
    yield
    forget_clients()
