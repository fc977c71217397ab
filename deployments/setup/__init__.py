"""Set-up of a machine: the virtual environment, a Docker engine, Terraform and its AWS provider."""

from deployments.setup.cli_config import terraform_cli_config
from deployments.setup.errors import SetupError
from deployments.setup.paths import PROJECT
from deployments.setup.terraform import terraform_binary

__all__ = ["PROJECT", "SetupError", "terraform_binary", "terraform_cli_config"]
