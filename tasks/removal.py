"""What destroying an environment needs besides Terraform: permission, and empty buckets and registries."""

from datetime import UTC, datetime, timedelta

from prefect.logging import get_run_logger

from blocks.deploy_environment import Target
from pipeline.errors import PipelineError
from pipeline.terraform.contents import containers
from pipeline.terraform.document import PlanDocument
from pipeline.terraform.emptying import Emptied, count_contents, empty
from tasks.support import show_table, step


class NotDestroyableError(PipelineError):
    """The environment may not be destroyed, or its name was not typed."""


@step
def require_destroyable(target: Target, confirm: str) -> None:
    """Refuse unless the environment may be destroyed and its name was typed once more."""
    if not target.environment.destroyable:
        raise NotDestroyableError(
            f"{target.name} is not destroyable. Nothing was done. If it must go, say so first: "
            f"destroyable = true under [environments.{target.name}] in deployments/environments.toml, "
            "then register again."
        )
    if confirm != target.name:
        raise NotDestroyableError(
            f"Nothing was done: confirm is {confirm!r}. To destroy {target.name}, type its name there."
        )


@step
def show_contents(target: Target, document: PlanDocument) -> None:
    """Show how much is in the buckets and repositories that the plan destroys."""
    rows = [
        {"resource": item.address, "name": item.name, "holds": count_contents(target.access, item)}
        for item in containers(document)
    ]
    show_table(
        target,
        "emptied",
        rows,
        f"{target.name}: versions and images that are deleted for good (at most 10,000 counted)",
    )
    get_run_logger().info("To be emptied: %s", ", ".join(f"{row['name']} ({row['holds']})" for row in rows))


@step
def empty_containers(target: Target, document: PlanDocument, within: timedelta) -> list[Emptied]:
    """Empty the buckets and repositories that the plan destroys. Repeating it goes on."""
    end = datetime.now(UTC) + within
    found = [empty(target.access, item, lambda: datetime.now(UTC) < end) for item in containers(document)]
    for item in found:
        get_run_logger().info("%s: %d removed", item.container.name, item.count)
    return found
