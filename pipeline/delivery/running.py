"""Puts the release that runs through the gates of a rollout."""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from pipeline.clock import utc_now
from pipeline.delivery.model import GateSettings, Verification
from pipeline.delivery.verify import GateReader, verify
from pipeline.ecs.model import Service
from pipeline.ecs.rollout import Attempt
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
    present, now = service.require(), utc_now()
    attempt = Attempt(
        deployment_id=present.primary.id if present.primary else "",
        task_definition=present.task_definition,
        image_digest=None,
        previous=None,
        started_at=now,
        deadline=now + timedelta(seconds=settings.window),
    )
    return verify(service, attempt, outputs.container, outputs.target_group_arns, wanted, settings, ask)
