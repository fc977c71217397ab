"""Suspends auto scaling while a service is meant to have no tasks.

Suspended, and not bounded to zero: the bounds are Terraform's, and an alarm could still scale within them
(Application Auto Scaling User Guide, "Suspend and resume scaling").
"""

from typing import TYPE_CHECKING, cast

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.outputs import Outputs

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.type_defs import ScalableTargetTypeDef, SuspendedStateTypeDef

SUSPENDED = {
    "DynamicScalingInSuspended": True,
    "DynamicScalingOutSuspended": True,
    "ScheduledScalingSuspended": True,
}


class AutoScaling:
    """The scalable target of one ECS service, if there is one."""

    def __init__(self, access: AwsAccess, outputs: Outputs) -> None:
        self._scales = outputs.auto_scaling
        self._scaling = access.client("application-autoscaling")
        self._service = f"service/{outputs.cluster}/{outputs.service}"

    def suspended(self) -> dict[str, bool] | None:
        """Return what is suspended; None where the service does not scale."""
        target = self._target()
        if target is None:
            return None
        now = target.get("SuspendedState", {})
        return {name: bool(now.get(name, False)) for name in SUSPENDED}

    def set(self, suspended: dict[str, bool] | None) -> None:
        """Suspend, or let go on; the bounds stay as they are."""
        if suspended is not None and self._target() is not None:
            with calling("Suspending or resuming auto scaling"):
                self._scaling.register_scalable_target(
                    ServiceNamespace="ecs",
                    ResourceId=self._service,
                    ScalableDimension="ecs:service:DesiredCount",
                    SuspendedState=cast("SuspendedStateTypeDef", suspended),
                )

    def _target(self) -> "ScalableTargetTypeDef | None":
        if not self._scales:
            return None
        with calling("Describing auto scaling"):
            found = self._scaling.describe_scalable_targets(
                ServiceNamespace="ecs",
                ResourceIds=[self._service],
                ScalableDimension="ecs:service:DesiredCount",
            )["ScalableTargets"]
        return found[0] if found else None
