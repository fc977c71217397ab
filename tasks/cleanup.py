"""Removes images that nothing needs."""

from prefect.logging import get_run_logger

from pipeline.clock import utc_now
from pipeline.ecr.apply import CleanupResult, apply_cleanup
from pipeline.ecr.in_use import collect_in_use
from pipeline.ecr.model import CleanupPolicy, ProtectedImages
from pipeline.ecr.plan import CleanupPlan, plan_cleanup
from pipeline.ecr.registry import read_inventory
from pipeline.live import LiveEnvironment
from tasks.support import retried_step, show_page, show_table, step


def _in_use(live: LiveEnvironment) -> ProtectedImages:
    records = live.releases.newest_good()
    good = {record.image_digest for record in records if record.image_digest}
    return collect_in_use(live.access, live.outputs, good)


@retried_step
def plan_image_cleanup(live: LiveEnvironment, policy: CleanupPolicy) -> CleanupPlan:
    """Decide about every image of the repository, and show the decision."""
    inventory = read_inventory(live.access, live.outputs.repository_name)
    plan = plan_cleanup(inventory, _in_use(live), policy, utc_now())
    freed = sum(row.image.size for row in plan.deletions)
    summary = f"{len(plan.deletions)} of {len(plan.rows)} images go, {freed / 1e6:.1f} MB"
    get_run_logger().info("%s: %s", live.outputs.repository_name, summary)
    for name in plan.absent:
        get_run_logger().warning("%s is in use but not in the repository: its next start fails", name)
    show_table(
        live,
        "cleanup-ecr",
        [
            {
                "image": ", ".join(row.image.tags) or row.image.digest[:19],
                "pushed": f"{row.image.pushed_at:%Y-%m-%d %H:%M}",
                "MB": round(row.image.size / 1e6, 1),
                "decision": "delete" if row.delete else "keep",
                "reason": row.reason,
            }
            for row in plan.rows
        ],
        f"{live.outputs.repository_name}: {summary}",
    )
    return plan


@step
def delete_images(live: LiveEnvironment, plan: CleanupPlan) -> CleanupResult:
    """Delete what the plan says and what is still right to delete."""
    result = apply_cleanup(live.access, plan, lambda: _in_use(live), utc_now())
    get_run_logger().info(
        "Deleted %d images, %.1f MB; spared %d",
        len(result.deleted),
        result.freed_bytes / 1e6,
        len(result.spared),
    )
    for item in result.failures:
        get_run_logger().error("%s stays: %s %s", item.digest, item.code, item.reason)
    show_page(
        live,
        "cleaned-ecr",
        (
            f"## {len(result.deleted)} images deleted, {result.freed_bytes / 1e6:.1f} MB freed\n\n"
            f"Spared, as they came into use meanwhile: {len(result.spared)}. "
            f"Not deleted, see the log: {len(result.failures)}."
        ),
        f"{live.outputs.repository_name}: what the cleanup did",
    )
    return result
