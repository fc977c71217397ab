"""Puts the release that runs through the gates of a rollout."""

from collections.abc import Callable
from typing import Protocol

from pipeline.delivery.model import GateSettings, Verification
from pipeline.delivery.verify import GateReader, verify
from pipeline.ecs.model import Service
from pipeline.health.model import Probe, ProbeReport
from pipeline.health.probe import probe
from pipeline.outputs import Outputs


class RunningService(GateReader, Protocol):
    """What the gates, and their preparation, ask of a service."""

    def require(self) -> Service:
        """Return the service or raise."""


def verify_running(
    service: RunningService,
    outputs: Outputs,
    wanted: Probe,
    settings: GateSettings,
    ask: Callable[[Probe], ProbeReport] = probe,
) -> Verification:
    """Return what the gates find in the tasks that run now, whatever their image.

    Raises:
        ServiceMissingError: there is no service.
    """
    primary = service.require().primary
    deployment_id = primary.id if primary else ""
    return verify(
        service, deployment_id, None, outputs.container, outputs.target_group_arns, wanted, settings, ask
    )
