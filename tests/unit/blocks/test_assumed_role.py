"""The credentials of an environment: its keys, or a role that is assumed for the run."""

from types import SimpleNamespace

import pytest
from moto import mock_aws
from prefect_aws import AwsCredentials
from pydantic import SecretStr

from blocks.deploy_environment import DeployEnvironment
from pipeline.aws.errors import AwsError
from pipeline.environment.loader import environment

ROLE = "arn:aws:iam::123456789012:role/deployer"


def block(role: str | None) -> DeployEnvironment:
    """Return staging's block with keys, and with a role to assume."""
    keys = AwsCredentials(
        aws_access_key_id="own",
        aws_secret_access_key=SecretStr("hush"),
        region_name="af-south-1",
        assume_role_arn=role,
    )
    return DeployEnvironment(settings=environment("staging"), aws_credentials=keys)


def test_keys_serve_as_they_are() -> None:
    """Nothing is asked of AWS."""
    access = block(None).access()
    assert (access.access_key_id, access.secret_access_key, access.session_token) == ("own", "hush", None)


def test_a_role_is_assumed_for_the_run() -> None:
    """Its session's keys serve, not those that assumed it."""
    with mock_aws():
        access = block(ROLE).access()
    assert access.access_key_id != "own"
    assert access.session_token


def test_without_credentials_no_role_is_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the role."""
    session = SimpleNamespace(get_credentials=lambda: None)
    monkeypatch.setattr(AwsCredentials, "get_boto3_session", lambda _: session)
    with pytest.raises(AwsError, match=f"Role {ROLE} was not assumed"):
        block(ROLE).access()
