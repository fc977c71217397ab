"""Checks the release that is running."""

from datetime import timedelta

from prefect import task
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.delivery import GateSettings, Verification, probe_of, verify
from pipeline.ecs.rollout import Attempt
from pipeline.ecs.service import EcsService, ServiceRef
from pipeline.ecs.watch import utc_now
from pipeline.outputs import Outputs


@task(name="check-running-release", persist_result=False)
def check_running_release(target: Target, outputs: Outputs) -> Verification:
    """Put the running release through the gates of a rollout, without the soak."""
    service = EcsService(target.access, ServiceRef(outputs.cluster, outputs.service))
    present = service.require()
    primary = present.primary
    now = utc_now()
    attempt = Attempt(
        deployment_id=primary.id if primary else "",
        task_definition=present.task_definition,
        image_digest=None,
        previous=None,
        started_at=now,
        deadline=now + timedelta(minutes=1),
    )
    found = verify(
        service,
        attempt,
        outputs.container,
        outputs.target_group_arns,
        probe_of(target.environment, outputs, release=None),
        GateSettings(window=10, soak=0),
    )
    get_run_logger().info("%s: %s", found.outcome, found.message)
    return found
