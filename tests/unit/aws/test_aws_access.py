"""Access to AWS: clients, child processes, and nothing secret on display."""

from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from pipeline.aws.access import AwsAccess, Identity, identify, read_parameter, require_account
from pipeline.aws.errors import AwsError

ARN = "arn:aws:sts::123456789012:user/me"
FULL = AwsAccess("af-south-1", "http://localhost:1", "AKIASECRET", "hush", "token-hush", None)


def test_nothing_secret_is_shown() -> None:
    """Neither repr nor str shows a key."""
    for text in (repr(FULL), str(FULL), f"{FULL}"):
        assert "af-south-1" in text
        assert not [secret for secret in ("AKIASECRET", "hush") if secret in text]


def test_a_client_has_region_endpoint_and_retries() -> None:
    """Clients go where the environment says and retry by themselves."""
    client = FULL.client("ecs")
    assert (client.meta.region_name, client.meta.endpoint_url) == ("af-south-1", "http://localhost:1")
    assert client.meta.config.retries["mode"] == "adaptive"


def test_clients_of_one_access_share_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session of its own for each would read botocore's data again each time."""
    made, session = [], boto3.Session

    def counted(**options: Any) -> boto3.Session:
        made.append(options["region_name"])
        return session(**options)

    monkeypatch.setattr(boto3, "Session", counted)
    for region in ("af-south-1", "eu-west-1"):
        access = AwsAccess(region, access_key_id="key", secret_access_key="secret")
        clients = [access.client("s3"), access.client("sts"), access.client("s3", Config(read_timeout=1))]
        assert {client.meta.region_name for client in clients} == {region}
    assert made == ["af-south-1", "eu-west-1"]


def test_an_unknown_profile_is_an_error_with_the_next_step() -> None:
    """A profile that does not exist is told like every error of AWS."""
    with pytest.raises(AwsError, match="nowhere"):
        AwsAccess("af-south-1", profile="nowhere").client("ecs")


def test_a_child_process_gets_the_same_access() -> None:
    """Terraform is told everything by its environment; what is not set is left out."""
    assert FULL.process_environment() == {
        "AWS_REGION": "af-south-1",
        "AWS_DEFAULT_REGION": "af-south-1",
        "AWS_ENDPOINT_URL": "http://localhost:1",
        "AWS_ACCESS_KEY_ID": "AKIASECRET",
        "AWS_SECRET_ACCESS_KEY": "hush",
        "AWS_SESSION_TOKEN": "token-hush",
    }
    bare = AwsAccess("af-south-1", profile="pay").process_environment()
    assert bare == {"AWS_REGION": "af-south-1", "AWS_DEFAULT_REGION": "af-south-1", "AWS_PROFILE": "pay"}


@dataclass(frozen=True)
class Scripted(AwsAccess):
    """Access with one scripted client."""

    scripted: Any = None

    def client(self, service: str) -> Any:
        """Return the scripted client."""
        return self.scripted


def scripted(service: str) -> tuple[Scripted, Stubber]:
    """Return access and the script of its client."""
    client = boto3.client(service, "af-south-1", aws_access_key_id="x", aws_secret_access_key="x")
    stub = Stubber(client)
    stub.activate()
    return Scripted("af-south-1", scripted=client), stub


def test_identify() -> None:
    """The account and the ARN of the credentials are known."""
    access, sts = scripted("sts")
    sts.add_response("get_caller_identity", {"Account": "123456789012", "Arn": ARN})
    assert identify(access) == Identity("123456789012", ARN)


def test_expired_credentials_show_in_identify() -> None:
    """The first question to AWS tells what is wrong with the credentials."""
    access, sts = scripted("sts")
    sts.add_client_error("get_caller_identity", "ExpiredToken", "old")
    with pytest.raises(AwsError, match="credentials have expired"):
        identify(access)


def test_require_account() -> None:
    """Another account's credentials are refused, naming both; an unknown account is not checked."""
    identity = Identity("111111111111", "arn:me")
    require_account(identity, None, emulated=True)
    with pytest.raises(AwsError, match='set account_id = "111111111111"'):
        require_account(identity, None)
    require_account(identity, "111111111111")
    with pytest.raises(AwsError, match=r"account 111111111111 \(arn:me\).*222222222222"):
        require_account(identity, "222222222222")


def test_read_parameter() -> None:
    """A parameter's value is decrypted; a missing one is None."""
    access, ssm = scripted("ssm")
    asked = {"Name": "/a", "WithDecryption": True}
    ssm.add_response("get_parameter", {"Parameter": {"Value": "v"}}, asked)
    ssm.add_client_error("get_parameter", "ParameterNotFound")
    assert read_parameter(access, "/a") == "v"
    assert read_parameter(access, "/a") is None
