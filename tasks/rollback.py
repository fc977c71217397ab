"""Finds the release to go back to."""

from functools import partial

from prefect.logging import get_run_logger

from blocks.deploy_environment import Target
from pipeline.outputs import Outputs
from pipeline.release.choice import choose_rollback
from pipeline.release.model import ReleaseRecord
from pipeline.release.store import ReleaseStore
from pipeline.release.usable import why_unusable
from tasks.support import service_of, step


@step
def present_task_definition(target: Target, outputs: Outputs) -> str:
    """Return the task definition that the service is on."""
    return service_of(target, outputs).require().task_definition


@step
def choose_target(target: Target, outputs: Outputs, present: str, wanted: str | None) -> ReleaseRecord:
    """Choose the newest recorded good release that can still run, or the wanted one."""
    unusable = partial(why_unusable, target.access, outputs.repository_name)
    records = ReleaseStore(target.access, outputs.backup_bucket, target.name).newest_good()
    chosen = choose_rollback(records, present, unusable, wanted)
    get_run_logger().info("Going back to release %s (%s)", chosen.release, chosen.task_definition)
    return chosen
