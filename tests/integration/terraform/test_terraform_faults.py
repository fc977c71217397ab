"""AWS that throttles, does not know the credentials, or loses answers."""

import itertools
import json
from dataclasses import replace

import pytest
from support.fault_proxy import Damage, Fault, Request, faulty
from terraform_support import Opener

from pipeline.aws.access import AwsAccess
from pipeline.state.backend import StateBackend, read_head
from pipeline.state.lock import read_lock
from pipeline.state.unlock import lock_keeper
from pipeline.terraform.diagnostics import StateLockedError, TerraformError
from pipeline.terraform.workspace import PlanRequest, run_directly

INVALID = Fault(
    403,
    "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>"
    "<Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>",
)
THROTTLED = Fault(400, json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}))


def is_dynamodb(request: Request, operation: str = "") -> bool:
    """Tell whether the request is for the lock table."""
    return request.target.startswith("DynamoDB_") and request.target.endswith(operation)


def test_invalid_credentials_are_explained(opener: Opener, home: StateBackend, emulator_port: int) -> None:
    """The error says that the credentials are wrong and where to correct them."""
    with faulty(emulator_port, lambda request: INVALID) as url:
        wrong = AwsAccess("af-south-1", url, "wrong", "also-wrong")
        with (
            opener("plain", access=wrong) as workspace,
            pytest.raises(TerraformError, match="credentials are not valid") as caught,
        ):
            workspace.init(home.backend)
    assert "correct them in the aws-credentials block" in str(caught.value)
    assert "also-wrong" not in str(caught.value)


def test_the_request_that_aws_repeats_to_terraform_is_masked(
    opener: Opener, home: StateBackend, emulator_port: int
) -> None:
    """Behind a wrong signature AWS writes what it was made over: the session token is in no error of ours."""
    token = "IQoJb3JpZ2luX2VjE" * 40
    repeated = (
        "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>The request "
        "signature we calculated does not match.\n\nThe Canonical String for this request should have been\n"
        f"'POST\n/\n\nhost:sts\nx-amz-security-token:{token}\n\nhost'</Message></Error></ErrorResponse>"
    )
    access = replace(home.access, session_token=token)
    with (
        faulty(emulator_port, lambda request: Fault(403, repeated)) as url,
        opener("plain", access=replace(access, endpoint_url=url)) as workspace,
        pytest.raises(TerraformError, match="credentials are not valid") as caught,
    ):
        workspace.init(home.backend)
    assert "x-amz-security-token:(secret)" in str(caught.value)
    assert token not in f"{caught.value} {caught.value.stderr} {caught.value.diagnostics}"


def test_throttling_for_a_while_is_survived(opener: Opener, home: StateBackend, emulator_port: int) -> None:
    """The first two calls to the lock table are throttled, of the plan and of the apply; both succeed."""
    calls: dict[str, int] = {"plan": 0, "apply": 0}
    phase = "plan"

    def throttle(request: Request) -> Fault | None:
        if not is_dynamodb(request):
            return None
        calls[phase] += 1
        return THROTTLED if calls[phase] <= 2 else None

    with faulty(emulator_port, throttle) as url, opener("plain", access=_through(home, url)) as workspace:
        workspace.init(home.backend)
        plan = workspace.plan(PlanRequest())
        phase = "apply"
        workspace.apply(plan)
    assert min(calls.values()) > 2, calls
    assert _resources(home) == 3
    assert read_lock(home) is None


def test_a_lock_left_by_a_lost_answer_is_recognised_as_ones_own(
    opener: Opener, home: StateBackend, emulator_port: int
) -> None:
    """DynamoDB takes the lock but its answer is lost: Terraform shuts itself out, the pipeline lets it in."""
    puts, told = itertools.count(), list[str]()
    keeper = lock_keeper(home, "this-run", told.append)

    def lose(request: Request) -> Fault | None:
        return Fault(damage=Damage.LOST) if is_dynamodb(request, "PutItem") and next(puts) == 0 else None

    with (
        faulty(emulator_port, lose) as url,
        opener("plain", access=_through(home, url), hook=keeper) as workspace,
    ):
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest(lock_timeout="0s")))
    assert next(puts) > 2
    assert told
    assert {"answer was lost" in line for line in told} == {True}
    assert read_lock(home) is None


def test_without_a_lock_keeper_a_lost_answer_shuts_terraform_out(
    opener: Opener, home: StateBackend, emulator_port: int
) -> None:
    """The error is Terraform's own, and nothing is repeated."""
    puts = itertools.count()

    def lose(request: Request) -> Fault | None:
        return Fault(damage=Damage.LOST) if is_dynamodb(request, "PutItem") and next(puts) == 0 else None

    with (
        faulty(emulator_port, lose) as url,
        opener("plain", access=_through(home, url), hook=run_directly) as workspace,
    ):
        workspace.init(home.backend)
        with pytest.raises(StateLockedError):
            workspace.plan(PlanRequest(lock_timeout="0s"))
    assert read_lock(home) is not None


def _resources(home: StateBackend) -> int:
    """Count the resources that the state knows."""
    head = read_head(home)
    assert head is not None
    return head.resources


def _through(home: StateBackend, url: str) -> AwsAccess:
    return replace(home.access, endpoint_url=url)
