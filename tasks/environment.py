"""Loads what the flows know of an environment."""

from typing import cast

from prefect.logging import get_run_logger
from prefect.runtime import deployment

from blocks.deploy_environment import DeployEnvironment, Target
from pipeline.aws.identity import identify, require_account
from pipeline.aws.parameters import read_parameter
from pipeline.environment.catalogue import environments
from pipeline.errors import PipelineError
from pipeline.outputs import Outputs, missing_outputs, parse_outputs
from tasks.support import step


class EnvironmentNotRegisteredError(PipelineError):
    """Prefect has no block for the environment, or one that cannot be used."""


class OtherEnvironmentError(PipelineError):
    """A deployment was asked to run for another environment than its own."""


@step
def load_environment(name: str) -> Target:
    """Load the environment's block and check that its credentials belong to its account.

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
    target = block.target()
    identity = identify(target.access)
    require_account(identity, target.environment.account_id)
    get_run_logger().info("%s in %s as %s", name, target.environment.region, identity.arn)
    return target


@step
def read_outputs(target: Target) -> Outputs:
    """Read what Terraform built from the environment's SSM parameter."""
    parameter = target.environment.outputs_parameter
    document = read_parameter(target.access, parameter)
    if document is None:
        raise missing_outputs(parameter)
    return parse_outputs(document, parameter)
