"""What Terraform is given: environment, variables, backend, private folders."""

import json
from pathlib import Path

import pytest
from python_terraform import IsFlagged

from pipeline.aws.access import AwsAccess
from pipeline.environment.loader import load_environments
from pipeline.environment.model import Environment
from pipeline.terraform.backend import backend_config
from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.folder import is_held, run_folder
from pipeline.terraform.process_environment import process_environment, root_variables, write_variables
from pipeline.terraform.runner import Execution, TerraformRunner

ROOT = Path(__file__).parents[3]
ACCESS = AwsAccess("af-south-1", "http://localhost:1", "key", "secret-key")


@pytest.fixture(scope="module")
def environments() -> dict[str, Environment]:
    """The project's own environments."""
    return load_environments(ROOT / "deployments" / "environments.toml", {})


def test_settings_that_change_commands_or_print_secrets_are_left_out() -> None:
    """TF_VAR_*, TF_CLI_ARGS*, TF_LOG* and another profile don't reach Terraform; the rest does."""
    inherited = {
        "PATH": "/bin",
        "TF_VAR_app": "other",
        "TF_CLI_ARGS_apply": "-lock=false",
        "TF_LOG": "trace",
        "TF_WORKSPACE": "other",
        "AWS_PROFILE": "other",
        "AWS_SESSION_TOKEN": "other",
        "AWS_CA_BUNDLE": "/ca",
    }
    assert process_environment(inherited, ACCESS, Path("/data")) == {
        "PATH": "/bin",
        "AWS_CA_BUNDLE": "/ca",
        **ACCESS.process_environment(),
        "TF_DATA_DIR": "/data",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }


def test_without_keys_of_its_own_the_process_identity_is_kept() -> None:
    """On a machine with a role or profile, that is what Terraform uses."""
    found = process_environment({"AWS_PROFILE": "mine"}, AwsAccess("af-south-1"), Path("/data"))
    assert found["AWS_PROFILE"] == "mine"


def test_a_cli_configuration_that_is_missing_is_left_out(tmp_path: Path) -> None:
    """Terraform would warn on every command; one that exists, or is given, is used."""
    present = tmp_path / "rc"
    present.touch()
    cases = [
        (str(tmp_path / "absent"), None, None),
        (str(present), None, str(present)),
        (None, present, str(present)),
    ]
    for named, chosen, expected in cases:
        inherited = {"TF_CLI_CONFIG_FILE": named} if named else {}
        found = process_environment(inherited, ACCESS, tmp_path, chosen)
        assert found.get("TF_CLI_CONFIG_FILE") == expected


def test_the_root_modules_variables_come_from_the_environment(environments: dict[str, Environment]) -> None:
    """Every variable that the root module expects of the pipeline is given, and none that it doesn't know."""
    text = (ROOT / "terraform" / "variables.pipeline.tf").read_text(encoding="utf-8")
    declared = {line.split('"')[1] for line in text.splitlines() if line.startswith('variable "')}
    for environment in environments.values():
        assert set(root_variables(environment)) == declared
    assert root_variables(environments["staging"], {"extra": 1})["extra"] == 1


def test_the_state_lives_in_the_environments_own_place(environments: dict[str, Environment]) -> None:
    """Bucket, key and table are the environment's; only an emulator wants path-style addresses."""
    local, staging = backend_config(environments["local"]), backend_config(environments["staging"])
    assert staging.arguments() == {
        "bucket": "vimbiso-pay-staging-terraform-state",
        "key": "staging/terraform.tfstate",
        "region": "af-south-1",
        "dynamodb_table": "vimbiso-pay-staging-terraform-lock",
        "encrypt": "true",
        "use_path_style": "false",
    }
    assert staging.lock_id == "vimbiso-pay-staging-terraform-state/staging/terraform.tfstate"
    assert local.arguments()["use_path_style"] == "true"


def test_variables_are_written_for_their_owner_only(tmp_path: Path) -> None:
    """The file is 0600 from its first moment."""
    path = write_variables(tmp_path / "v.tfvars.json", {"a": [1]})
    assert json.loads(path.read_text()) == {"a": [1]}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_private_folder_lives_as_long_as_its_run(tmp_path: Path) -> None:
    """It is held and closed to others while the run works, and gone afterwards."""
    with run_folder("x", tmp_path) as folder:
        assert is_held(folder.path)
        assert folder.path.stat().st_mode & 0o777 == 0o700
    assert not folder.path.exists()
    assert not is_held(folder.path)


def test_python_terraform_still_builds_the_commands(tmp_path: Path) -> None:
    """The library's command building is what we run; a change of it would show here."""
    runner = TerraformRunner(tmp_path, Execution({"PATH": str(_program(tmp_path))}))
    argv = runner.generate_cmd_string(
        "plan", out="p", var=None, var_file=["a", "b"], target=["x"], json=IsFlagged, input=False
    )
    assert argv[1:] == [
        "plan",
        "-out=p",
        "-var-file=a",
        "-var-file=b",
        "-target=x",
        "-json",
        "-input=false",
    ]


def test_a_missing_program_is_named() -> None:
    """Without Terraform the error says how to get it."""
    with pytest.raises(TerraformError, match="make setup"):
        TerraformRunner(Path(), Execution({"PATH": "/nowhere"}))


def _program(folder: Path) -> Path:
    program = folder / "terraform"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return folder
