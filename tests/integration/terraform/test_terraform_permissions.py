"""AWS that refuses what the identity may not do."""

import json
from dataclasses import replace

import pytest
from support.fault_proxy import Fault, Request, faulty
from terraform_support import Opener

from pipeline.state.backend import StateBackend, read_head
from pipeline.state.lock import read_lock
from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.summary import summarise
from pipeline.terraform.workspace import PlanRequest

DENIED = Fault(400, json.dumps({"__type": "AccessDeniedException", "message": "Not authorized."}))
NO_PERMISSION = Fault(
    400,
    json.dumps(
        {
            "__type": "AccessDeniedException",
            "message": "User: arn:aws:sts::000000000000:assumed-role/pipeline/run is not authorized to "
            "perform: ssm:PutParameter on resource: "
            "arn:aws:ssm:af-south-1:000000000000:parameter/settings/second "
            "because no identity-based policy allows the ssm:PutParameter action",
        }
    ),
)


@pytest.mark.nightly
def test_a_missing_permission_in_the_midst_of_an_apply_is_named(
    opener: Opener, home: StateBackend, emulator_port: int
) -> None:
    """One setting is made, one refused: the state knows the first, and the next apply makes the second."""

    def refuse(request: Request) -> Fault | None:
        second = request.operation == "PutParameter" and b"/settings/second" in request.body
        return NO_PERMISSION if second else None

    with (
        faulty(emulator_port, refuse) as url,
        opener("settings", access=replace(home.access, endpoint_url=url)) as workspace,
    ):
        workspace.init(home.backend)
        with pytest.raises(TerraformError, match="lacks this permission") as caught:
            workspace.apply(workspace.plan(PlanRequest()))
    for words in ("not authorized to perform: ssm:PutParameter", "aws_ssm_parameter.second"):
        assert words in str(caught.value)
    assert (_settings(home), _resources(home)) == (["/settings/first"], 1)
    assert read_lock(home) is None
    with opener("settings") as workspace:
        workspace.init(home.backend)
        plan = workspace.plan(PlanRequest())
        assert [row.address for row in summarise(workspace.show(plan)).rows] == ["aws_ssm_parameter.second"]
        workspace.apply(plan)
    assert (_settings(home), _resources(home)) == (["/settings/first", "/settings/second"], 2)


def test_a_refused_lock_is_not_taken_for_a_held_one(
    opener: Opener, home: StateBackend, emulator_port: int
) -> None:
    """Terraform wraps both in the same words: the permission is what is missing, not patience."""

    def refuse(request: Request) -> Fault | None:
        return DENIED if request.target.endswith("DynamoDB_20120810.PutItem") else None

    with (
        faulty(emulator_port, refuse) as url,
        opener("plain", access=replace(home.access, endpoint_url=url)) as workspace,
    ):
        workspace.init(home.backend)
        with pytest.raises(TerraformError, match="lacks this permission") as caught:
            workspace.plan(PlanRequest(lock_timeout="0s"))
    assert type(caught.value) is TerraformError


def _settings(home: StateBackend) -> list[str]:
    """Return which settings AWS has."""
    found = home.access.client("ssm").get_parameters_by_path(Path="/settings")["Parameters"]
    return sorted(item["Name"] for item in found)


def _resources(home: StateBackend) -> int:
    """Count the resources that the state knows."""
    head = read_head(home)
    assert head is not None
    return head.resources
