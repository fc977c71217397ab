"""Loads what the flows know of an environment."""

from functools import partial
from typing import cast

from prefect.logging import get_run_logger
from prefect.runtime import deployment

from blocks.deploy_environment import DeployEnvironment
from pipeline.aws.access import identify, require_account
from pipeline.environment.loader import environments
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.preflight.cloud import PresentService, cloud_checks
from pipeline.preflight.engine import engine_checks, source_checks
from pipeline.preflight.model import CheckResult, CheckStatus, faults, run_checks
from pipeline.preflight.signing import signing_checks
from pipeline.source.resolve import source_of
from tasks.support import show_table, step


@step
def preflight(
    live: LiveEnvironment, ref: str | None, image: str | None, branch_only: bool = False
) -> tuple[CheckResult, ...]:
    """Ask every check, show all answers, and raise when one speaks against deploying.

    ``ref`` is what is built where no ``image`` is named; the checks bring it onto this machine.
    """
    environment, present = live.settings, PresentService(live)
    checks = cloud_checks(live, present) + signing_checks(live, image)
    if image is None:
        pinned = partial(source_of, environment, ref, live.token, branch_only=branch_only)
        checks += source_checks(pinned, environment.source.dockerfile)
        checks += engine_checks(environment, present)
    findings = run_checks(checks)
    for item in findings:
        level = get_run_logger().error if item.status is CheckStatus.NG else get_run_logger().info
        level("%-4s %s: %s", item.status, item.name, item.reason)
    show_table(
        live,
        "preflight",
        [{"check": item.name, "result": item.status, "reason": item.reason} for item in findings],
        f"Can a release be deployed to {live.name}?",
    )
    found = faults(findings)
    if found:
        reasons = "\n".join(f"{item.name}: {item.reason}" for item in found)
        raise PipelineError(f"{reasons}\nThe preflight refuses to deploy, and nothing was changed.")
    return findings


@step
def load_environment(name: str, built: bool = True, identified: bool = True) -> LiveEnvironment:
    """Load the environment's block, check whose its credentials are, and read what Terraform built.

    ``built`` says whether the flow needs what Terraform built; ``identified`` is False for one that asks by
    itself whose the credentials are.

    A deployment of one environment runs for that one only: its worker has that one's credentials and network.
    """
    if deployment.name in environments() and deployment.name != name:
        raise PipelineError(
            f"This is the deployment of {deployment.name}; for {name} run the one of that name."
        )
    try:
        block = cast("DeployEnvironment", DeployEnvironment.load(name))
    except ValueError as error:
        raise PipelineError(
            f"There is no deploy-environment block {name!r}. Register the environments (make register)."
        ) from error
    except RuntimeError as error:  # what Prefect makes of a block that another version has written
        raise PipelineError(
            f"The deploy-environment block {name!r} does not fit this version of the pipeline. "
            "Register the environments again (make register)."
        ) from error
    live = block.live()
    if not identified:
        return live
    identity = identify(live.access)
    require_account(identity, live.settings.account_id, emulated=live.settings.emulated)
    get_run_logger().info("%s in %s as %s", name, live.settings.region, identity.arn)
    return live.read() if built else live
