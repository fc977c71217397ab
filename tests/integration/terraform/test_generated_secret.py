"""A secret whose value AWS makes at the apply, seen by the real provider."""

import shutil
import zipfile
from pathlib import Path

from cryptography.fernet import Fernet
from terraform_support import copy_module, make_home

from deployments.paths import PROJECT
from pipeline.aws.access import AwsAccess
from pipeline.state.unlock import lock_keeper
from pipeline.terraform.workspace import PlanRequest, open_workspace


def value(access: AwsAccess, name: str) -> str:
    """Return what a secret holds."""
    return access.client("secretsmanager").get_secret_value(SecretId=f"fixture/{name}")["SecretString"]


def test_the_value_is_in_the_secret_alone(
    access: AwsAccess, state_backend: tuple[str, str], cli_config: Path | None, tmp_path: Path
) -> None:
    """Not in the plan, nor in the state; a second apply leaves it, and the key is one that Fernet takes."""
    home = make_home(access, "secret")
    module = copy_module("secret", tmp_path)
    shutil.copytree(PROJECT / "terraform/modules/generated-secret", module / "generated-secret")
    options = {"cli_config": cli_config, "hook": lock_keeper(home, "this-run")}
    with open_workspace(module, access, label="secret", base=tmp_path / "runs", **options) as workspace:
        workspace.init(home.backend)
        plan = workspace.plan(PlanRequest())
        with zipfile.ZipFile(plan.path) as archive:
            planned = b"".join(archive.read(name) for name in archive.namelist())
        assert b"fixture/auth" in planned
        workspace.apply(plan)
        auth, key = value(access, "auth"), value(access, "key")
        assert not workspace.plan(PlanRequest()).has_changes
    user, _, password = auth.partition(":")
    assert (user, len(password)) == ("prefect", 32)
    Fernet(key)
    state = home.read(home.backend.key)
    assert state is not None
    for text in (password, key):
        assert text.encode() not in planned + state.body
    assert value(access, "auth") == auth
