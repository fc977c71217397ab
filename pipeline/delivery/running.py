"""Puts the release that runs through the gates of a rollout."""

from datetime import timedelta

from pipeline.clock import utc_now
from pipeline.delivery.verify import GateSettings, Verification, verify
from pipeline.ecs.rollout import Attempt
from pipeline.ecs.service import EcsService
from pipeline.health.probe import Probe
from pipeline.outputs import Outputs


def verify_running(
    service: EcsService, outputs: Outputs, probe: Probe, settings: GateSettings
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
    return verify(service, attempt, outputs.container, outputs.target_group_arns, probe, settings)
