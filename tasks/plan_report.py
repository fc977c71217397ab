"""Shows a Terraform plan to people."""

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.terraform import Action, PlanDocument, ResourceChange


@task(name="report-plan", persist_result=False)
def report_plan(target: Target, document: PlanDocument) -> None:
    """Log the counts and show one row for each resource that changes."""
    changes = [item for item in document.changes if item.action not in (Action.NO_CHANGE, Action.READ)]
    get_run_logger().info("Plan: %s", _counts(changes))
    create_table_artifact(
        key=f"plan-{target.name}",
        table=[_row(item) for item in changes],
        description=f"What Terraform changes in {target.name}: {_counts(changes)}",
    )


def _counts(changes: list[ResourceChange]) -> str:
    counts = {action: sum(item.action is action for item in changes) for action in Action}
    return ", ".join(f"{count} to {action.value}" for action, count in counts.items() if count) or "no change"


def _row(item: ResourceChange) -> dict[str, str]:
    return {
        "resource": item.address,
        "action": item.action.value,
        "destroys": "yes" if item.destroys else "",
        "changes": ", ".join(change.path for change in item.attributes)[:300],
    }
