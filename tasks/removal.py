"""What destroying an environment needs besides Terraform: permission, and empty buckets and registries."""

from datetime import timedelta

from prefect.logging import get_run_logger

from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.terraform.document import PlanDocument
from pipeline.terraform.emptying import Emptied, containers, count_contents, empty
from tasks.support import show_table, step


class NotDestroyableError(PipelineError):
    """The environment may not be destroyed, or its name was not typed."""


@step
def require_destroyable(live: LiveEnvironment, confirm: str) -> None:
    """Refuse unless the environment may be destroyed and its name was typed once more."""
    if not live.settings.destroyable:
        raise NotDestroyableError(
            f"{live.name} is not destroyable. Nothing was done. If it must go, say so first: "
            f"destroyable = true under [environments.{live.name}] in deployments/environments.toml, "
            "then register again."
        )
    if confirm != live.name:
        raise NotDestroyableError(
            f"Nothing was done: confirm is {confirm!r}. To destroy {live.name}, type its name there."
        )


@step
def show_contents(live: LiveEnvironment, document: PlanDocument) -> None:
    """Show how much is in the buckets and repositories that the plan destroys."""
    rows = [
        {"resource": item.address, "name": item.name, "holds": count_contents(live.access, item)}
        for item in containers(document)
    ]
    show_table(
        live,
        "emptied",
        rows,
        f"{live.name}: versions and images that are deleted for good (at most 10,000 counted)",
    )
    get_run_logger().info("To be emptied: %s", ", ".join(f"{row['name']} ({row['holds']})" for row in rows))


@step
def empty_containers(live: LiveEnvironment, document: PlanDocument, within: timedelta) -> list[Emptied]:
    """Empty the buckets and repositories that the plan destroys. Repeating it goes on."""
    end = utc_now() + within
    found = [empty(live.access, item, lambda: utc_now() < end) for item in containers(document)]
    for item in found:
        get_run_logger().info("%s: %d removed", item.container.name, item.count)
    return found
