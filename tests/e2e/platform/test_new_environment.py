"""Adding an environment as the runbook says, in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from platform_support import Platform, until
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.objects import StateType

from deployments.local.setup.terraform import terraform_binary, terraform_cli_config
from deployments.paths import PROJECT
from pipeline.environment.loader import load_environments
from pipeline.environment.model import Environment
from pipeline.terraform.process_environment import root_variables, write_variables

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]
NEW, LIKE = "preview", "staging"
TABLE = f"""
[environments.{NEW}]
domain = "preview.mycredex.dev"
branch = "preview"
approval = "never"
source = {{ repository = "${{VIMBISO_SOURCE}}" }}
"""
PLAN = f"""
mock_provider "aws" {{
  source          = "./tests/mocks"
  override_during = plan
}}

run "new_environment" {{
  command = plan

  expect_failures = [check.alerts_reach_somebody]

  assert {{
    condition     = output.pipeline.url == "https://{NEW}.mycredex.dev"
    error_message = "The plan must be the new environment's."
  }}
}}
"""
PARTS = ("blocks", "deployments", "flows", "pipeline", "tasks", "terraform")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one more environment: a table and a variables file."""
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        shutil.copytree(
            PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".terraform")
        )
    described = folder / "deployments/environments.toml"
    described.write_text((PROJECT / described.relative_to(folder)).read_text(encoding="utf-8") + TABLE)
    values = (PROJECT / f"terraform/environments/{LIKE}.tfvars").read_text(encoding="utf-8")
    (folder / f"terraform/environments/{NEW}.tfvars").write_text(
        re.sub(r"(?m)^vpc_cidr(\s*)=.*$", r'vpc_cidr\1= "10.77.0.0/16"', values), encoding="utf-8"
    )
    (folder / "terraform/tests/new.tftest.hcl").write_text(PLAN, encoding="utf-8")
    mocks = folder / "terraform/tests/mocks/aws.tfmock.hcl"  # a certificate's answer names its domain
    mocks.write_text(mocks.read_text(encoding="utf-8").replace("stage.mycredex.dev", f"{NEW}.mycredex.dev"))
    shutil.copy(PROJECT / "prefect.yaml", folder)
    return folder


def test_a_new_environment_is_registered(platform: Platform, project: Path) -> None:
    """It gets a work pool and every deployment, and its chores are scheduled."""
    done = subprocess.run(
        [sys.executable, "-m", "deployments", "register", NEW],
        cwd=project,
        env={**platform.variables(), "PYTHONPATH": str(project), "PIPELINE_ROOT": str(project)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    chosen = DeploymentFilter(name=DeploymentFilterName(any_=[NEW]))
    flows = [path for path in PROJECT.glob("flows/*.py") if "@flow(" in path.read_text(encoding="utf-8")]
    with SyncPrefectClient(platform.api, auth_string=platform.auth) as client:
        assert client.read_work_pool(NEW).type == "process"
        found = client.read_deployments(deployment_filter=chosen, limit=200)
        assert {item.work_pool_name for item in found} == {NEW}
        assert len(found) == len(flows)
        health = client.read_deployment_by_name(f"verify-health/{NEW}")

        def planned() -> bool:
            runs = client.read_flow_runs(deployment_filter=chosen, limit=200)
            return any(
                run.deployment_id == health.id and run.state_type == StateType.SCHEDULED for run in runs
            )

        until(planned, 240)


def test_a_new_environment_can_be_planned(project: Path, tmp_path: Path) -> None:
    """Its variables file and what environments.toml says make a plan."""
    environment = load_environments(project / "deployments/environments.toml", {})[NEW]
    _plan(project, environment, "new", tmp_path)


def _plan(project: Path, environment: Environment, test: str, folder: Path) -> None:
    given = write_variables(folder / "given.tfvars.json", root_variables(environment, {}))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    config = terraform_cli_config()
    mirror = {"TF_CLI_CONFIG_FILE": str(config)} if config else {}
    variables = {**kept, **mirror, "TF_DATA_DIR": str(project / ".data"), "CHECKPOINT_DISABLE": "1"}
    files = [f"-var-file=environments/{NEW}.tfvars", f"-var-file={given}"]
    for words in (
        ["init", "-backend=false", "-input=false", "-lockfile=readonly"],
        ["test", f"-filter=tests/{test}.tftest.hcl", *files],
    ):
        done = subprocess.run(
            [terraform_binary(), *words, "-no-color"],
            cwd=project / "terraform",
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
