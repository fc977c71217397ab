"""What AWS has made and Terraform could not write down, because all was killed."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.fault_proxy import Request
from support.unheard import Unheard
from terraform_support import Opener, copy_module, eventually, kill_all, process_run

from pipeline.state.backend import StateBackend, read_head
from pipeline.state.unlock import LockState, inspect_lock, unlock
from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.workspace import PlanRequest, Workspace

NAMED = r"(?s)AlreadyExists.*\(aws_ssm_parameter.setting\).*delete it or import it"


@pytest.mark.nightly
def test_what_was_being_made_when_all_was_killed_is_named_by_the_next_run(
    opener: Opener, home: StateBackend, tmp_path: Path, cli_config: Path | None, emulator_port: int
) -> None:
    """It exists and is not in the state: the next run says so, and is good once it was removed."""
    ssm, name = home.access.client("ssm"), f"/{home.environment}/setting"
    aws = Unheard(_makes_a_parameter)
    aws.begin()
    with aws.before(emulator_port) as url:
        through = StateBackend(replace(home.access, endpoint_url=url), home.backend, home.environment)
        with process_run(copy_module("parameter", tmp_path), through, cli_config, name=name) as run:
            aws.wait()
            kill_all(run, tmp_path)
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "made"
    free_the_lock(home)
    head = read_head(home)
    assert head is None or head.resources == 0
    with opener("parameter") as workspace:
        with pytest.raises(TerraformError, match=NAMED):
            apply(workspace, home, name)
        ssm.delete_parameter(Name=name)
        apply(workspace, home, name)
    assert ssm.get_parameter(Name=name)["Parameter"]["Version"] == 1


def _makes_a_parameter(request: Request) -> bool:
    return request.target == "AmazonSSM.PutParameter"


def apply(workspace: Workspace, home: StateBackend, name: str) -> None:
    """Carry the module's configuration out."""
    workspace.init(home.backend)
    workspace.apply(workspace.plan(PlanRequest({"name": name})))


def free_the_lock(home: StateBackend) -> None:
    """Remove the dead run's lock, as the next run does."""
    eventually(lambda: inspect_lock(home).verdict.state is LockState.STALE, "the lock is stale")
    lock = inspect_lock(home).lock
    assert lock is not None
    unlock(home, lock.id)
