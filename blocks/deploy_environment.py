"""One environment that the flows deliver to, with the credentials to reach it."""

from typing import Annotated, cast

from prefect.blocks.core import Block
from prefect_aws import AwsCredentials
from pydantic import Field, SecretStr

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.environment.model import Environment
from pipeline.live import LiveEnvironment


class DeployEnvironment(Block):
    """An environment of Vimbiso Pay, made from deployments/environments.toml by `make register`."""

    _block_type_name = "Deploy Environment"
    _block_type_slug = "deploy-environment"

    settings: Annotated[Environment, Field(description="What environments.toml says of this environment.")]
    aws_credentials: Annotated[
        AwsCredentials,
        Field(description="Keys, profile or role; empty: the worker's own (task role, environment)."),
    ]
    source_token: Annotated[
        SecretStr | None,
        Field(description="Token that reads the source repository; not needed for public ones."),
    ] = None

    def live(self) -> LiveEnvironment:
        """Return the environment with its credentials resolved, without what Terraform built there."""
        return LiveEnvironment(self.settings, self.access(), source_token=self.source_token)

    def access(self) -> AwsAccess:
        """Return how to reach AWS; a role to assume is assumed now, for its session's time."""
        block = self.aws_credentials
        found = _assumed(block) if block.assume_role_arn else _own_keys(block)
        return AwsAccess(region=self.settings.region, endpoint_url=self.settings.aws_endpoint_url, **found)


def load_live(name: str) -> LiveEnvironment:
    """Return a registered environment with what Terraform built there.

    Raises:
        ValueError: Prefect has no such block.
        OutputsError, AwsError: as ``LiveEnvironment.read`` raises them.
    """
    return cast("DeployEnvironment", DeployEnvironment.load(name)).live().read()


def _own_keys(block: AwsCredentials) -> dict[str, str | None]:
    secret = block.aws_secret_access_key
    return {
        "access_key_id": block.aws_access_key_id,
        "secret_access_key": secret.get_secret_value() if secret else None,
        "session_token": block.aws_session_token,
        "profile": block.profile_name,
    }


def _assumed(block: AwsCredentials) -> dict[str, str | None]:
    credentials = block.get_boto3_session().get_credentials()
    if credentials is None:
        raise AwsError(f"Role {block.assume_role_arn} was not assumed: no credentials to assume it with.")
    keys = credentials.get_frozen_credentials()
    return {
        "access_key_id": keys.access_key,
        "secret_access_key": keys.secret_key,
        "session_token": keys.token,
    }
