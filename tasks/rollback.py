"""Finds the release to go back to."""

from functools import partial

from prefect.logging import get_run_logger

from pipeline.live import LiveEnvironment
from pipeline.release.choice import choose_rollback
from pipeline.release.model import ReleaseRecord
from pipeline.release.usable import why_unusable
from tasks.support import step


@step
def present_task_definition(live: LiveEnvironment) -> str:
    """Return the task definition that the service is on."""
    return live.service.require().task_definition


@step
def choose_target(live: LiveEnvironment, present: str, wanted: str | None) -> ReleaseRecord:
    """Choose the newest recorded good release that can still run, or the wanted one."""
    unusable = partial(why_unusable, live.access, live.outputs.repository_name)
    records = live.releases.newest_good()
    chosen = choose_rollback(records, present, unusable, wanted)
    get_run_logger().info("Going back to release %s (%s)", chosen.release, chosen.task_definition)
    return chosen
