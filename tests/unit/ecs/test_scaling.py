"""Auto scaling is held while a database is replaced, let go on as it was, and bounded by a good release."""

from typing import Any, cast

import pytest

from pipeline.aws.access import AwsAccess
from pipeline.ecs.scaling import HELD, AutoScaling, ScalableTarget
from pipeline.outputs import Outputs

NOTHING_SUSPENDED = dict.fromkeys(HELD.suspended, False)


class Account:
    """Application Auto Scaling with one target, or none, which starts tasks as AWS does."""

    def __init__(self, target: dict[str, Any] | None, tasks: int = 0) -> None:
        self.target, self.tasks = target, tasks
        self.requests: list[dict[str, Any]] = []

    def client(self, _service: str) -> "Account":
        """Be the access as well."""
        return self

    def describe_scalable_targets(self, **_request: Any) -> dict[str, Any]:
        """Return the target."""
        return {"ScalableTargets": [self.target] if self.target else []}

    def register_scalable_target(self, **request: Any) -> None:
        """Take what is given; bring the tasks to the minimum, given or not, suspended or not.

        Source: botocore's model of RegisterScalableTarget, "even if you don't include the MinCapacity".
        """
        assert self.target is not None
        self.requests.append(request)
        self.target |= {key: request[key] for key in ("MinCapacity", "SuspendedState") if key in request}
        self.tasks = max(self.tasks, self.target["MinCapacity"])


def scaling(account: Account, scales: bool = True) -> AutoScaling:
    """Return the object under test, of an environment with two tasks at least."""
    outputs = Outputs.model_construct(cluster="c", service="app", auto_scaling=scales, minimum_tasks=2)
    return AutoScaling(cast("AwsAccess", account), outputs)


def target(minimum: int, **suspended: bool) -> dict[str, Any]:
    """Describe a target."""
    return {"MinCapacity": minimum, "MaxCapacity": 6, "SuspendedState": suspended}


def test_holding_starts_no_task_of_a_service_that_has_none() -> None:
    """The database is being swapped: one task on it would be one too many, however often it is held."""
    account = Account(target(2), tasks=2)
    before = scaling(account).read()
    account.tasks = 0
    for _ in range(3):
        scaling(account).set(HELD)
    assert (account.tasks, len(account.requests)) == (0, 1)
    account.tasks = 2
    scaling(account).set(before)
    assert account.target == {**target(2), "SuspendedState": NOTHING_SUSPENDED}


def test_what_was_suspended_before_is_so_afterwards() -> None:
    """A person's own suspension is none of ours to end."""
    account = Account(target(1, DynamicScalingInSuspended=True))
    before = scaling(account).read()
    assert before == ScalableTarget(
        minimum=1, suspended=NOTHING_SUSPENDED | {"DynamicScalingInSuspended": True}
    )
    scaling(account).set(HELD)
    scaling(account).set(before)
    assert scaling(account).read() == before


@pytest.mark.parametrize(("present", "kept"), [(0, 2), (1, 2), (4, 2), (2, None)])
def test_the_minimum_is_the_environments(present: int, kept: int | None) -> None:
    """Terraform registers none; a changed one comes with the next release. No suspension is touched."""
    account = Account(target(present, ScheduledScalingSuspended=True), tasks=2)
    assert scaling(account).keep_minimum() == kept
    found = scaling(account).read()
    assert found is not None
    assert (found.minimum, found.suspended["ScheduledScalingSuspended"]) == (2, True)


@pytest.mark.parametrize(("account", "scales"), [(Account(None), True), (Account(target(2)), False)])
def test_a_service_that_does_not_scale_is_left_alone(account: Account, scales: bool) -> None:
    """Nothing is registered that Terraform did not register."""
    item = scaling(account, scales)
    assert item.read() is None
    item.set(HELD)
    item.set(None)
    assert item.keep_minimum() is None
    assert account.requests == []
