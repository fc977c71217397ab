"""Names by which the emulator tells a request to a service that it lacks from one to S3."""

import sys

import pytest

from deployments.local.stack.emulator import service_names


@pytest.mark.parametrize(
    "name", ["servicequotas", "application-autoscaling", "inspector2", "ce", "s3", "iam"]
)
def test_a_service_of_aws_is_known_by_its_signing_name(name: str) -> None:
    """Which is not always its name in the SDK."""
    assert name in service_names()


def test_another_word_is_none() -> None:
    """A bucket may have any name."""
    assert "nothing-of-aws" not in service_names()


def test_the_emulator_asks_the_names_that_it_is_given() -> None:
    """The place where they are put is the emulator's own: a new version of it could have another."""
    from ministack.core import router

    assert hasattr(router, "_KNOWN_AWS_SERVICE_NAMES"), sorted(vars(sys.modules["ministack.core.router"]))
