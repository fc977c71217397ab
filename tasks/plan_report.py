"""Shows a Terraform plan to people, and refuses one that would lose data."""

from collections.abc import Sequence

from prefect.logging import get_run_logger

from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.state.home import StateHome, near_misses, read_addresses
from pipeline.terraform.approval import guard
from pipeline.terraform.document import PlanDocument
from pipeline.terraform.summary import PlanSummary, SummaryRow, summarise, unmatched_targets
from tasks.support import show_table, step, tell_world


@step
def report_drift(live: LiveEnvironment, summary: PlanSummary, has_changes: bool) -> bool:
    """Emit an event when the infrastructure differs from the configuration."""
    differs = has_changes or bool(summary.changed_by_hand)
    if differs:
        changed = [row.address for row in summary.changed_by_hand]
        get_run_logger().warning("%s differs from its configuration: %s", live.name, summary.sentence)
        tell_world(live, "drift.found", summary=summary.sentence, resources=changed[:50])
    return differs


class PlanRefusedError(PipelineError):
    """The plan would destroy what holds data."""


class UnknownTargetError(PipelineError):
    """A target names nothing, and Terraform would have called that success."""


@step
def require_targets(home: StateHome, document: PlanDocument, targets: Sequence[str]) -> None:
    """Refuse targets that hit nothing: Terraform takes a mistyped one for "no changes"."""
    unmatched = unmatched_targets(document, targets)
    if not unmatched:
        return
    known = read_addresses(home)
    lines = [f"{target}: {_meant(near_misses(target, known))}" for target in unmatched]
    listed = "\n".join(f"  - {line}" for line in lines)
    raise UnknownTargetError(f"Nothing was applied. These targets name no resource:\n{listed}")


def _meant(names: Sequence[str]) -> str:
    return f"did you mean {', '.join(names)}?" if names else "nothing in the state is like it"


@step
def report_plan(live: LiveEnvironment, document: PlanDocument, key: str = "plan") -> PlanSummary:
    """Show one row for each resource that changes, destruction first, and drift apart from it."""
    summary = summarise(document)
    get_run_logger().info("Plan: %s", summary.sentence)
    rows = [_row(item, "plan") for item in summary.rows] + [_row(item, "drift") for item in summary.drift]
    show_table(live, key, rows, f"{live.name}: {summary.sentence}")
    return summary


@step
def guard_plan(document: PlanDocument, allowed: Sequence[str]) -> str:
    """Refuse a plan that destroys or replaces what holds data, unless allowed by address for this run."""
    verdict = guard(document, allowed)
    for address in verdict.unused:
        get_run_logger().warning("%s is allowed to be lost, but this plan does not touch it", address)
    if not verdict.passed:
        raise PlanRefusedError(f"Nothing was applied. {verdict.sentence}")
    get_run_logger().info(verdict.sentence)
    return verdict.sentence


def _row(item: SummaryRow, kind: str) -> dict[str, str]:
    return {
        "resource": item.address,
        "what": kind if kind == "drift" else item.action.value,
        "destroys": "YES" if item.destroys else "",
        "reason": item.reason or _reason(item),
        "cost": item.cost,
        "changes": "; ".join(f"{change.path}: {change.before} -> {change.after}" for change in item.changed)[
            :400
        ],
    }


def _reason(item: SummaryRow) -> str:
    if item.filled_in:
        return "AWS filled it in; the next apply writes it down"
    return "brings back what was changed by hand" if item.reverts_drift else ""
