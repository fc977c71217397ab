"""Loads what the flows know of an environment."""

from typing import cast

from prefect.logging import get_run_logger
from prefect.runtime import deployment

from blocks.deploy_environment import DeployEnvironment
from pipeline.aws.identity import identify, require_account
from pipeline.environment.catalogue import environments
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from tasks.support import step


class EnvironmentNotRegisteredError(PipelineError):
    """Prefect has no block for the environment, or one that cannot be used."""


class OtherEnvironmentError(PipelineError):
    """A deployment was asked to run for another environment than its own."""


@step
def load_environment(name: str, built: bool = True) -> LiveEnvironment:
    """Load the environment's block, check whose its credentials are, and read what Terraform built.

    ``built`` says whether the flow needs what Terraform built.

    A deployment of one environment runs for that one only: its worker has that one's credentials and network.
    """
    if deployment.name in environments() and deployment.name != name:
        raise OtherEnvironmentError(
            f"This is the deployment of {deployment.name}; for {name} run the one of that name."
        )
    try:
        block = cast("DeployEnvironment", DeployEnvironment.load(name))
    except ValueError as error:
        raise EnvironmentNotRegisteredError(
            f"There is no deploy-environment block {name!r}. Register the environments (make register)."
        ) from error
    except RuntimeError as error:  # what Prefect makes of a block that another version has written
        raise EnvironmentNotRegisteredError(
            f"The deploy-environment block {name!r} does not fit this version of the pipeline. "
            "Register the environments again (make register)."
        ) from error
    live = block.live()
    identity = identify(live.access)
    require_account(identity, live.settings.account_id)
    get_run_logger().info("%s in %s as %s", name, live.settings.region, identity.arn)
    return live.read() if built else live
