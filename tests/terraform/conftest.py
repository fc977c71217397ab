"""Terraform for these tests, initialised once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from planned import Planned, plan
from terraform_command import PROJECT, ROOT, Terraform, offline_environment

from deployments.local.setup.terraform import terraform_binary
from pipeline.environment.loader import load_environments
from pipeline.terraform.process_environment import root_variables, write_variables


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform with the root module's providers and modules installed."""
    return _initialised(tmp_path_factory.mktemp("terraform"), ROOT)


def _initialised(data: Path, folder: Path) -> Terraform:
    command = Terraform(terraform_binary(), offline_environment(data), folder)
    done = command("init", "-backend=false", "-input=false", "-no-color", "-lockfile=readonly")
    assert done.returncode == 0, done.stdout
    return command


@pytest.fixture(scope="session")
def variables_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """Return the arguments that give Terraform an environment's variables, as the pipeline gives them."""
    folder = tmp_path_factory.mktemp("variables")

    def arguments(name: str) -> list[str]:
        environment = load_environments(PROJECT / "deployments/environments.toml", {})[name]
        given = write_variables(
            folder / f"{name}.tfvars.json", root_variables(environment, _host_folder(name))
        )
        return [f"-var-file=environments/{name}.tfvars", f"-var-file={given}"]

    return arguments


@pytest.fixture(scope="session")
def staging(terraform: Terraform, variables_of: Callable[[str], list[str]]) -> Planned:
    """Staging, as it is planned."""
    return plan(terraform, "staging", variables_of("staging"))


@pytest.fixture(scope="session")
def production(terraform: Terraform, variables_of: Callable[[str], list[str]]) -> Planned:
    """Production, as it is planned."""
    return plan(terraform, "production", variables_of("production"))


@pytest.fixture(scope="session")
def platform_terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform with the platform's providers and modules installed."""
    return _initialised(tmp_path_factory.mktemp("platform"), ROOT / "platform")


@pytest.fixture(scope="session")
def platform(platform_terraform: Terraform) -> Planned:
    """The platform for a Prefect server of one's own, as it is planned."""
    return plan(platform_terraform, "platform")


def _host_folder(name: str) -> dict[str, str]:
    """The embedded stack passes its own folder; nothing is written to this one."""
    return {"data_host_path": "/srv/data"} if name == "local" else {}
