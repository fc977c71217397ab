"""Finds the release to go back to."""

from prefect import task
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.aws import AwsError
from pipeline.ecs.registry import TaskDefinitions
from pipeline.ecs.service import EcsService, ServiceRef
from pipeline.image import find_image
from pipeline.outputs import Outputs
from pipeline.release import ReleaseRecord, ReleaseStore, choose_rollback


@task(name="read-present-release", persist_result=False)
def present_task_definition(target: Target, outputs: Outputs) -> str:
    """Return the task definition that the service is on."""
    return EcsService(target.access, ServiceRef(outputs.cluster, outputs.service)).require().task_definition


@task(name="choose-rollback", persist_result=False)
def choose_target(target: Target, outputs: Outputs, present: str, wanted: str | None) -> ReleaseRecord:
    """Choose the newest recorded good release that can still run, or the wanted one."""
    definitions = TaskDefinitions(target.access)

    def usable(record: ReleaseRecord) -> str | None:
        try:
            if not definitions.is_active(record.task_definition):
                return "its task definition is inactive"
        except AwsError as error:
            return f"its task definition cannot be read: {error}"
        if find_image(target.access, outputs.repository_name, record.image_digest) is None:
            return "its image is gone from the registry"
        return None

    records = ReleaseStore(target.access, outputs.backup_bucket, target.name).newest_good()
    chosen = choose_rollback(records, present, usable, wanted)
    get_run_logger().info("Going back to release %s (%s)", chosen.release, chosen.task_definition)
    return chosen
