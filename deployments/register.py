"""Registers with Prefect what the flows need: blocks, work pools and deployments. Safe to repeat.

python -m deployments.register [ENVIRONMENT ...]
"""

import argparse
import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from typing import TypeVar, cast

import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.exceptions import ObjectAlreadyExists
from prefect.types import SecretDict
from prefect_aws import AwsCredentials
from pydantic import SecretStr

from blocks import AppSecrets, DeployEnvironment
from pipeline.environment import PROJECT, Environment, environment, environments
from pipeline.errors import PipelineError
from pipeline.secrets import REQUIRED_KEYS

B = TypeVar("B", AwsCredentials, DeployEnvironment, AppSecrets)


class RegistrationError(PipelineError):
    """Prefect refused a deployment."""


def register(names: Sequence[str] | None = None) -> None:
    """Register the named environments, or all.

    Raises:
        UnknownEnvironmentError: a name that environments.toml does not describe.
        RegistrationError: Prefect refused the deployments.
    """
    chosen = [environment(name) for name in names] if names else list(environments().values())
    for item in chosen:
        register_blocks(item)
        register_work_pool(item.name)
    deploy([item.name for item in chosen])


def register_blocks(item: Environment) -> None:
    """Write the environment's block; credentials and secrets that a person entered stay as they are."""
    credentials = _saved(AwsCredentials, f"aws-{item.name}") or _new_credentials(item)
    present = _saved(DeployEnvironment, item.name)
    token = present.source_token if present else None
    block = DeployEnvironment(settings=item, aws_credentials=credentials, source_token=token)
    block.save(item.name, overwrite=True)
    if item.aws_endpoint_url is not None:
        _make_up_secrets(item)


def register_work_pool(name: str) -> None:
    """Create the environment's work pool unless it exists."""
    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        except ObjectAlreadyExists:
            return


def deploy(names: Sequence[str]) -> None:
    """Register the deployments of these environments with `prefect deploy`, unless they are there already.

    The deployments carry a digest of what they were made from as their version: `prefect deploy` takes many
    seconds, and need not run when nothing changed.
    """
    version = _version()
    if all(_is_registered(name, version) for name in names):
        return
    chosen = [part for name in names for part in ("--name", f"*/{name}")]
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", *chosen]
    variables = {**os.environ, "PIPELINE_ROOT": str(PROJECT), "PIPELINE_VERSION": version}
    done = subprocess.run(  # noqa: S603 - our own argv
        command, cwd=PROJECT, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RegistrationError(f"Prefect refused the deployments:\n{done.stdout}{done.stderr}")


def _version() -> str:
    """Digest of everything that a registered deployment shows: flows, parameters' types, prefect.yaml."""
    files = [
        PROJECT / "prefect.yaml",
        *sorted(PROJECT.glob("flows/*.py")),
        *sorted(PROJECT.glob("blocks/*.py")),
    ]
    digest = hashlib.sha256(repr(sorted(environments())).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _is_registered(name: str, version: str) -> bool:
    """Whether every deployment of the environment in prefect.yaml has this version on the server."""
    document = yaml.safe_load((PROJECT / "prefect.yaml").read_text(encoding="utf-8"))
    wanted = [item["name"] for item in document["deployments"]].count(name)
    chosen = DeploymentFilter(name=DeploymentFilterName(any_=[name]))
    with get_client(sync_client=True) as client:
        found = client.read_deployments(deployment_filter=chosen)
    return [item.version for item in found].count(version) == int(wanted)


def _saved(kind: type[B], name: str) -> B | None:
    try:
        return cast("B", kind.load(name))
    except ValueError:
        return None


def _new_credentials(item: Environment) -> AwsCredentials:
    """An emulator's key is its account; elsewhere the worker's own credentials serve until keys come."""
    emulated = item.aws_endpoint_url is not None
    block = AwsCredentials(
        region_name=item.region,
        aws_access_key_id=item.account_id if emulated else None,
        aws_secret_access_key=SecretStr("emulator") if emulated else None,
    )
    block.save(f"aws-{item.name}")
    return block


def _make_up_secrets(item: Environment) -> None:
    """An emulated environment talks to nobody: random values will do."""
    name = f"{item.app}-{item.name}"
    if _saved(AppSecrets, name) is None:
        values = SecretDict({key: secrets.token_urlsafe(32) for key in REQUIRED_KEYS})
        AppSecrets(values=values).save(name)


def main() -> None:
    """Register from the command line."""
    parser = argparse.ArgumentParser(prog="python -m deployments.register", description=__doc__)
    parser.add_argument("environment", nargs="*", help="all when left out")
    try:
        register(parser.parse_args().environment)
    except PipelineError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
