"""Settings of the stack come from the environment and are checked."""

import os
from pathlib import Path

import pytest
from support.settings import stack_settings

from deployments.local.stack.environment import child_environment
from deployments.local.stack.settings import Settings
from deployments.local.stack.specs import instance, specs
from deployments.variables import SettingsError

SETTINGS = stack_settings(Path("/state"), 1001, 1002, 1003)


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The process environment, with nothing that a stack around the tests may have set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIMBISO_")}
    monkeypatch.setattr(os, "environ", kept)
    return kept


def test_defaults(variables: dict[str, str]) -> None:
    """Without variables, or with empty ones, the well-known ports and the project's own folder serve."""
    variables["VIMBISO_AWS_PORT"] = variables["VIMBISO_STATE"] = ""
    settings = Settings.read()
    assert (settings.aws_port, settings.prefect_port, settings.webhook_port) == (4566, 4200, 4201)
    assert settings.state.name == ".local"


def test_each_has_its_variable(variables: dict[str, str]) -> None:
    """A state folder is absolute, wherever a process works."""
    variables |= {"VIMBISO_STATE": "~/x", "VIMBISO_PREFECT_PORT": "5200", "VIMBISO_WEBHOOK_PORT": "5201"}
    settings = Settings.read()
    assert settings.state == Path.home() / "x"
    assert (settings.prefect_port, settings.webhook_port) == (5200, 5201)


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1", "4566 "])
def test_a_bad_port_is_named(variables: dict[str, str], text: str) -> None:
    """The message has the variable, what it was set to, and what to set it to: nothing else."""
    variables["VIMBISO_AWS_PORT"] = text
    with pytest.raises(SettingsError) as caught:
        Settings.read()
    assert str(caught.value) == f"VIMBISO_AWS_PORT is {text!r}: set it to a port number from 1 to 65535."


def test_one_port_for_two_processes_is_refused(variables: dict[str, str]) -> None:
    """The three ports must differ."""
    variables["VIMBISO_AWS_PORT"] = "4200"
    with pytest.raises(SettingsError, match=r"^VIMBISO_AWS_PORT, .* must differ, but are 4200, 4200, 4201.$"):
        Settings.read()


def test_a_path_too_long_for_sockets_is_refused(variables: dict[str, str]) -> None:
    """Terraform's providers would fail to start below it, and not say why."""
    variables["VIMBISO_STATE"] = f"/{'a' * 80}"
    with pytest.raises(SettingsError, match=r"longer than 80 characters.*Set VIMBISO_STATE to a shorter one"):
        Settings.read()


def test_temporary_files_are_in_the_state() -> None:
    """In the system's own folder Prefect's runner meets what another user's runner has made."""
    assert child_environment(SETTINGS, {"TMPDIR": "/elsewhere"})["TMPDIR"] == "/state/tmp"


def test_only_foreign_prefect_settings_are_dropped() -> None:
    """The rest of the shell's environment goes on to the children."""
    variables = child_environment(
        SETTINGS, {"PREFECT_API_KEY": "x", "LANG": "C", "TF_CLI_CONFIG_FILE": "/missing"}
    )
    assert "PREFECT_API_KEY" not in variables
    assert variables["LANG"] == "C"
    assert variables.get("TF_CLI_CONFIG_FILE") != "/missing"
    assert variables["PREFECT_API_URL"] == "http://127.0.0.1:1002/api"


def test_loopback_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own exceptions are kept."""
    monkeypatch.setenv("NO_PROXY", "intranet")
    assert child_environment(SETTINGS)["NO_PROXY"] == "intranet,127.0.0.1,localhost"


def test_two_stacks_tell_their_containers_apart() -> None:
    """The emulator's name depends on its state folder and its port."""
    other_port = stack_settings(Path("/state"), 2001, 1002, 1003)
    other_state = stack_settings(Path("/other"), 1001, 1002, 1003)
    assert len({instance(SETTINGS), instance(other_port), instance(other_state)}) == 3


def test_the_emulator_sees_no_credentials_of_the_user() -> None:
    """Containers that it starts could otherwise inherit real ones."""
    assert specs(SETTINGS)[0].foreign == ("AWS_",)


def test_the_emulator_runs_no_service_that_runs_code_here() -> None:
    """Its Lambda executes functions as processes of this machine, its CodeBuild and others may some day."""
    served = specs(SETTINGS)[0].variables["SERVICES"].split(",")
    assert "s3" in served
    assert not {
        "lambda",
        "lambda-core",
        "lambda-microvms",
        "codebuild",
        "states",
        "batch",
        "cloudformation",
    } & {*served}
