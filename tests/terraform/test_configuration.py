"""The root module keeps what the guide says in every environment."""

from collections.abc import Callable

import pytest
from terraform_command import Terraform


def test_configuration_is_formatted(terraform: Terraform) -> None:
    """Every file is as terraform fmt would write it."""
    done = terraform("fmt", "-check", "-recursive", "-diff")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_environment_keeps_the_guide(
    environment: str, terraform: Terraform, variables_of: Callable[[str], list[str]]
) -> None:
    """A plan with the environment's real variables has everything that the guide promises."""
    done = terraform("test", "-no-color", "-filter=tests/guide.tftest.hcl", *variables_of(environment))
    assert done.returncode == 0, done.stdout
    assert "1 passed, 0 failed" in done.stdout


def test_local_environment_differs_as_recorded(
    terraform: Terraform, variables_of: Callable[[str], list[str]]
) -> None:
    """The environment on one machine leaves out what the emulator lacks, and nothing else."""
    done = terraform("test", "-no-color", "-filter=tests/local.tftest.hcl", *variables_of("local"))
    assert done.returncode == 0, done.stdout
    assert "1 passed, 0 failed" in done.stdout


def test_bad_values_are_refused_by_name(terraform: Terraform) -> None:
    """A wrong value is refused while planning, and the refusal names the variable."""
    done = terraform("test", "-no-color", "-filter=tests/refusals.tftest.hcl")
    assert done.returncode == 0, done.stdout
    assert "0 failed" in done.stdout


def test_options_work_when_switched_on(
    terraform: Terraform, variables_of: Callable[[str], list[str]]
) -> None:
    """Cache, read-only root, shell, locks, signatures, request scaling and the CI role can be had."""
    done = terraform("test", "-no-color", "-filter=tests/variants.tftest.hcl", *variables_of("staging"))
    assert done.returncode == 0, done.stdout
    assert "2 passed, 0 failed" in done.stdout
