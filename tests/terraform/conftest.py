"""Terraform for these tests, initialised once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from terraform_command import PROJECT, Terraform, offline_environment

from deployments.local.setup.terraform import terraform_binary
from pipeline.environment.loader import load_environments
from pipeline.terraform.process_environment import root_variables, write_variables


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform with the root module's providers and modules installed."""
    command = Terraform(terraform_binary(), offline_environment(tmp_path_factory.mktemp("terraform")))
    done = command("init", "-backend=false", "-input=false", "-no-color", "-lockfile=readonly")
    assert done.returncode == 0, done.stdout
    return command


@pytest.fixture
def variables_of(tmp_path: Path) -> Callable[[str], list[str]]:
    """Return the arguments that give Terraform an environment's variables, as the pipeline gives them."""

    def arguments(name: str) -> list[str]:
        environment = load_environments(PROJECT / "deployments/environments.toml", {})[name]
        given = write_variables(
            tmp_path / f"{name}.tfvars.json", root_variables(environment, _host_folder(name))
        )
        return [f"-var-file=environments/{name}.tfvars", f"-var-file={given}"]

    return arguments


def _host_folder(name: str) -> dict[str, str]:
    """The embedded stack passes its own folder; nothing is written to this one."""
    return {"data_host_path": "/srv/data"} if name == "local" else {}
