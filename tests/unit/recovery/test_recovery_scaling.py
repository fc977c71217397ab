"""Auto scaling is suspended and let go on as it was, its bounds untouched."""

from typing import Any, cast

from pipeline.aws.access import AwsAccess
from pipeline.outputs import Outputs
from pipeline.recovery.record import SUSPENDED, AutoScaling


class Client:
    """Application Auto Scaling with one target, or none."""

    def __init__(self, targets: list[dict[str, Any]]) -> None:
        self.targets, self.requests = targets, list[dict[str, Any]]()

    def client(self, _service: str) -> "Client":
        """Be the access as well."""
        return self

    def describe_scalable_targets(self, **_request: Any) -> dict[str, Any]:
        """Return the targets."""
        return {"ScalableTargets": self.targets}

    def register_scalable_target(self, **request: Any) -> None:
        """Keep the request."""
        self.requests.append(request)


def scaling(client: Client, scales: bool = True) -> AutoScaling:
    """Return the object under test."""
    outputs = Outputs.model_construct(cluster="cluster", service="app", auto_scaling=scales)
    return AutoScaling(cast("AwsAccess", client), outputs)


def test_everything_is_suspended_and_the_bounds_stay() -> None:
    """No MinCapacity or MaxCapacity in the request: those are Terraform's."""
    client = Client([{"SuspendedState": {"DynamicScalingInSuspended": True}}])
    before = scaling(client).suspended()
    assert before == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    scaling(client).set(SUSPENDED)
    scaling(client).set(before)
    what = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/cluster/app",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    assert client.requests == [{**what, "SuspendedState": state} for state in (SUSPENDED, before)]


def test_a_service_that_does_not_scale_is_left_alone() -> None:
    """Nothing is registered that Terraform did not register."""
    for client, scales in ((Client([]), True), (Client([{}]), False)):
        assert scaling(client, scales).suspended() is None
        scaling(client, scales).set(SUSPENDED)
        scaling(client, scales).set(None)
        assert client.requests == []
