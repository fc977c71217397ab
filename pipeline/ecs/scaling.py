"""Scalable target of the service: held while its database is replaced, bounded once a release is good."""

from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, ConfigDict

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.outputs import Outputs

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.type_defs import SuspendedStateTypeDef

_SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


class ScalableTarget(BaseModel):
    """Fewest tasks, and what is suspended."""

    model_config = ConfigDict(frozen=True)

    minimum: int
    suspended: dict[str, bool]


HELD = ScalableTarget(minimum=0, suspended=dict.fromkeys(_SUSPENDED, True))
"""Each registration of a target brings its service to the minimum at least, suspended or not: none, here."""


class AutoScaling:
    """The scalable target of one ECS service, if there is one."""

    def __init__(self, access: AwsAccess, outputs: Outputs) -> None:
        self._scales = outputs.auto_scaling
        self._minimum = outputs.minimum_tasks
        self._scaling = access.client("application-autoscaling")
        self._service = f"service/{outputs.cluster}/{outputs.service}"

    def read(self) -> ScalableTarget | None:
        """Return what is registered; None where the service does not scale."""
        if not self._scales:
            return None
        with calling("Describing auto scaling"):
            found = self._scaling.describe_scalable_targets(
                ServiceNamespace="ecs",
                ResourceIds=[self._service],
                ScalableDimension="ecs:service:DesiredCount",
            )["ScalableTargets"]
        if not found:
            return None
        now = found[0].get("SuspendedState", {})
        suspended = {name: bool(now.get(name, False)) for name in _SUSPENDED}
        return ScalableTarget(minimum=found[0]["MinCapacity"], suspended=suspended)

    def set(self, wanted: ScalableTarget | None) -> None:
        """Register minimum and suspension where they differ; the maximum stays as it is."""
        if wanted is not None and self.read() not in (None, wanted):
            self._register(wanted)

    def keep_minimum(self) -> int | None:
        """Register the environment's fewest tasks; return them where they were others.

        Terraform registers none, as a service without a release would start tasks of no image.
        """
        present = self.read()
        if present is None or present.minimum == self._minimum:
            return None
        self._register(present.model_copy(update={"minimum": self._minimum}))
        return self._minimum

    def _register(self, wanted: ScalableTarget) -> None:
        with calling("Changing auto scaling"):
            self._scaling.register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=self._service,
                ScalableDimension="ecs:service:DesiredCount",
                MinCapacity=wanted.minimum,
                SuspendedState=cast("SuspendedStateTypeDef", wanted.suspended),
            )
