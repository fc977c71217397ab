"""Steps around an apply: approval, a copy of the state before, a record of the configuration after."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.logging import get_run_logger

from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.state.backend import StateBackend, near_misses, read_addresses, read_head
from pipeline.state.backup import git_revision, pack
from pipeline.state.model import ConfigurationRecord, StateSnapshot
from pipeline.state.plans import (
    WaitingPlan,
    drop_plan,
    fetch_plan,
    forget_waiting,
    identity,
    keep_plan,
    remember_waiting,
    waiting_plan,
)
from pipeline.state.record import is_read_back, keep_record, read_records, record_name, take_snapshot
from pipeline.terraform.approval import Approval, guard, judge_approval
from pipeline.terraform.diagnostics import StalePlanError
from pipeline.terraform.document import Plan, PlanDocument
from pipeline.terraform.page import plan_page
from pipeline.terraform.summary import PlanSummary, name_difference, summarise, unmatched_targets
from pipeline.terraform.workspace import Workspace
from tasks.support import emit, retried_step, show_page, step

_NOT_READ_BACK = "The last apply was not read back: what AWS filled in then is among it until the next apply."


@step
def report_drift(live: LiveEnvironment, summary: PlanSummary) -> str:
    """Emit an event when the infrastructure differs from the configuration; return which, in words."""
    difference = name_difference(summary)
    if difference and not is_read_back(live.state):
        difference += f" {_NOT_READ_BACK}"
    if difference:
        changed = [row.address for row in summary.drift]
        get_run_logger().warning("%s differs from its configuration: %s", live.name, summary.sentence)
        emit(live, "drift.found", summary=summary.sentence, resources=changed[:50])
    return difference


@step
def require_targets(home: StateBackend, document: PlanDocument, targets: Sequence[str]) -> None:
    """Refuse targets that hit nothing: Terraform takes a mistyped one for "no changes"."""
    unmatched = unmatched_targets(document, targets)
    if not unmatched:
        return
    known = read_addresses(home)
    lines = [f"{target}: {_suggestion(near_misses(target, known))}" for target in unmatched]
    listed = "\n".join(f"  - {line}" for line in lines)
    raise PipelineError(f"Nothing was applied. These targets name no resource:\n{listed}")


def _suggestion(names: Sequence[str]) -> str:
    return f"did you mean {', '.join(names)}?" if names else "nothing in the state is like it"


@step
def report_plan(live: LiveEnvironment, document: PlanDocument, key: str = "plan") -> PlanSummary:
    """Show each resource that changes, destruction first, and drift apart from it."""
    summary = summarise(document)
    get_run_logger().info("Plan: %s", summary.sentence)
    show_page(live, key, plan_page(live.name, summary), f"{live.name}: {summary.sentence}")
    return summary


@step
def guard_plan(document: PlanDocument, allowed: Sequence[str]) -> str:
    """Refuse a plan that destroys or replaces what holds data, unless allowed by address for this run."""
    verdict = guard(document, allowed)
    for address in verdict.unused:
        get_run_logger().warning("%s is allowed to be lost, but this plan does not touch it", address)
    if not verdict.passed:
        raise PipelineError(f"Nothing was applied. {verdict.sentence}")
    get_run_logger().info(verdict.sentence)
    return verdict.sentence


@step
def keep_for_approval(
    home: StateBackend, run_id: str, plan: Plan, summary: str, restores: str = ""
) -> WaitingPlan:
    """Keep the plan beside the state, and remember that this run waits for a decision on it."""
    waiting = WaitingPlan(keep_plan(home, plan), utc_now(), summary, restores)
    remember_waiting(home, run_id, waiting)
    return waiting


@step
def find_waiting(home: StateBackend, run_id: str) -> WaitingPlan | None:
    """Return what this run waits for, when it was suspended for a decision."""
    return waiting_plan(home, run_id)


@step
def fetch_kept(home: StateBackend, waiting: WaitingPlan, path: Path) -> Plan:
    """Fetch exactly the plan that was shown for decision."""
    return fetch_plan(home, waiting.plan, path)


@step
def require_approval(
    home: StateBackend,
    run_id: str,
    waiting: WaitingPlan,
    plan: Plan,
    *,
    approved: bool,
    by: str,
    note: str,
    valid_for: timedelta,
) -> str:
    """Refuse unless a named person approved this very plan, in time, for the state as it is.

    ``waiting`` is what the person was shown, ``plan`` what would be applied.
    """
    head = read_head(home)
    serial, lineage = (head.serial, head.lineage) if head else (0, "")
    approval = Approval(waiting.plan, approved, by, waiting.shown, valid_for, note)
    verdict = judge_approval(approval, identity(home, plan), serial, lineage, utc_now())
    if not verdict.granted:
        forget_waiting(home, run_id)
        drop_plan(home, waiting.plan)
        raise PipelineError(verdict.reason)
    get_run_logger().info(verdict.reason)
    return by


@retried_step
def require_unchanged(home: StateBackend, plan: Plan) -> None:
    """Refuse a plan that was made against another state, before anything is done for its sake."""
    head = read_head(home)
    found = (head.serial, head.lineage) if head else (0, "")
    if found != (plan.serial, plan.lineage):
        raise StalePlanError(
            f"The state of {home.environment} is at serial {found[0]}, the plan was made against "
            f"{plan.serial}. Nothing was done. Run it again."
        )


@retried_step
def snapshot_state(home: StateBackend, run_id: str) -> StateSnapshot | None:
    """Copy the state before it is changed."""
    snapshot = take_snapshot(home, run_id)
    if snapshot is not None:
        get_run_logger().info("State serial %d copied to %s", snapshot.serial, snapshot.key)
    return snapshot


@retried_step
def record_configuration(
    home: StateBackend,
    workspace: Workspace,
    plan: Plan,
    run_id: str,
    variables: dict[str, Any],
    files: Mapping[str, Path],
    *,
    succeeded: bool,
    terraform_version: str,
    approved_by: str = "",
    restores: str = "",
    snapshot: StateSnapshot | None = None,
) -> str:
    """Keep the applied configuration as a bundle with its outputs, for rollback-infrastructure."""
    bundle = pack(workspace.module, variables, files=files)
    head = read_head(home)
    now = utc_now()
    record = ConfigurationRecord(
        name=record_name(now, plan.sha256),
        environment=home.environment,
        run_id=run_id,
        applied=now,
        outcome="succeeded" if succeeded else "failed",
        bundle_sha256=bundle.sha256,
        plan_sha256=plan.sha256,
        serial=head.serial if head else 0,
        lineage=head.lineage if head else "",
        git_revision=git_revision(workspace.module),
        terraform_version=terraform_version,
        approved_by=approved_by,
        restores=restores,
        snapshot=snapshot,
        outputs=_plain_outputs(workspace) if succeeded else {},
    )
    key = keep_record(home, record, bundle)
    get_run_logger().info("Recorded as %s", key)
    return key


@step
def is_recorded(home: StateBackend) -> bool:
    """Whether what is applied is recorded: a run that was killed after its apply left no record."""
    head, newest = read_head(home), next(iter(read_records(home, limit=1)), None)
    if head is None or newest is None or newest.outcome != "succeeded":
        return head is None
    return newest.serial == head.serial or is_read_back(home)


@retried_step
def forget_kept(home: StateBackend, run_id: str, plan: Plan) -> None:
    """Forget the plan that was kept for approval, once it was applied: well or not."""
    if waiting_plan(home, run_id) is not None:
        forget_waiting(home, run_id)
        drop_plan(home, identity(home, plan))


def _plain_outputs(workspace: Workspace) -> dict[str, Any]:
    return {name: item.value for name, item in workspace.outputs().items() if not item.sensitive}
