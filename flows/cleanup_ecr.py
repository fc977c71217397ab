"""Old images out of the registry."""

from datetime import timedelta

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from pipeline.ecr.model import CleanupPolicy
from pipeline.errors import PipelineError
from tasks.environment import load_environment
from tasks.image import delete_images, plan_image_cleanup
from tasks.support import emit


@flow(name="cleanup-ecr", flow_run_name="{environment}")
@state_is_outcome
def cleanup_ecr(
    environment: EnvironmentName,
    keep_newest: int = 20,
    keep_days: int = 30,
    grace_hours: int = 24,
    dry_run: bool = False,
) -> str:
    """Delete images that nothing needs: untagged ones, and releases beyond the newest and youngest.

    Never deleted: what a running task, a task definition of the service or a recorded good release uses, and
    what hangs on such an image. When that cannot be told for certain, nothing is deleted. The run's table
    shows every image with the decision and its reason; `dry_run` shows the same table only.

    **When it fails:** the log names the images that stayed and why; the next run tries again.

    Args:
        environment: whose repository to clean.
        keep_newest: so many of the newest releases stay.
        keep_days: releases younger than this many days stay.
        grace_hours: whatever is younger stays.
        dry_run: only show what would go.
    """
    live = load_environment(environment)
    policy = CleanupPolicy(keep_newest, keep_days, grace=timedelta(hours=grace_hours))
    plan = plan_image_cleanup(live, policy)
    count, stay = counted(len(plan.deletions), "image"), counted(len(plan.kept), "image")
    if dry_run:
        return f"{count} would be deleted, {stay} would stay; nothing was done."
    if not plan.deletions:
        return f"No image is past its time: {stay} kept."
    result = delete_images(live, plan)
    emit(live, "images.deleted", images=len(result.deleted), bytes=result.freed_bytes)
    if not result.complete:
        raise PipelineError(
            f"{counted(len(result.failures), 'image')} of {plan.repository} could not be deleted, "
            f"the first: {result.failures[0].code} {result.failures[0].reason}. The next run tries again."
        )
    deleted = counted(len(result.deleted), "image")
    return f"{deleted} deleted, {result.freed_bytes / 1e6:.1f} MB; {stay} kept, {len(result.spared)} spared."
