"""Drift by the real AWS provider: what reads otherwise without anybody's doing, and what somebody did."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from terraform_support import copy_module, make_home

from pipeline.aws.access import AwsAccess
from pipeline.state.backend import StateBackend, read_head
from pipeline.state.unlock import lock_keeper
from pipeline.terraform.document import PlanDocument
from pipeline.terraform.workspace import PlanRequest, Workspace, open_workspace


@pytest.fixture(scope="module")
def built(
    access: AwsAccess,
    state_backend: tuple[str, str],
    cli_config: Path | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Workspace, StateBackend]]:
    """The module, applied, and the home of its state."""
    folder, home = tmp_path_factory.mktemp("siblings"), make_home(access, "siblings")
    module = copy_module("siblings", folder)
    options = {"cli_config": cli_config, "hook": lock_keeper(home, "this-run")}
    with open_workspace(module, access, label="siblings", base=folder / "runs", **options) as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest()))
        yield workspace, home


def drift(workspace: Workspace) -> PlanDocument:
    """Plan, and return what somebody has changed."""
    return workspace.made_by_somebody(workspace.show(workspace.plan(PlanRequest())))


def open_ssh(access: AwsAccess) -> None:
    """Open a port by hand, beside the rule that Terraform has made."""
    ec2 = access.client("ec2")
    named = [{"Name": "group-name", "Values": ["fixture-siblings"]}]
    (group,) = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    anywhere = [{"CidrIp": "0.0.0.0/0"}]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": anywhere}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])  # type: ignore[list-item]


def test_what_was_read_back_is_no_drift(built: tuple[Workspace, StateBackend], access: AwsAccess) -> None:
    """Siblings show until then, what the configuration ignores never does, and a rule made by hand always."""
    workspace, _ = built
    addresses = {item.address for item in workspace.show(workspace.plan(PlanRequest())).drift}
    assert {"aws_s3_bucket.data", "aws_security_group.tasks"} <= addresses
    assert workspace.read_back(PlanRequest()) == ()
    access.client("ssm").put_parameter(Name="/fixture/siblings", Value="2", Overwrite=True)
    assert drift(workspace).drift == ()
    open_ssh(access)
    (found,) = drift(workspace).drift
    assert found.address == "aws_security_group.tasks"
    assert "0.0.0.0/0" in {item.after for item in found.attributes}


def test_what_seems_gone_stays_in_the_state(built: tuple[Workspace, StateBackend], access: AwsAccess) -> None:
    """AWS may answer so for a moment after it was made: the next plan would make it twice."""
    workspace, home = built
    access.client("ssm").delete_parameter(Name="/fixture/siblings")
    before = read_head(home)
    assert workspace.read_back(PlanRequest()) == ("aws_ssm_parameter.release",)
    assert read_head(home) == before
