"""What surrounds an apply: approval, a copy of the state before, a record of the configuration after."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.logging import get_run_logger

from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.state.backup import git_revision, pack
from pipeline.state.home import StateHome, read_head
from pipeline.state.model import ConfigurationRecord, Snapshot
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
from pipeline.state.record import keep_record, record_name, take_snapshot
from pipeline.terraform.approval import Approval, judge_approval
from pipeline.terraform.document import Plan
from pipeline.terraform.errors import StalePlanError
from pipeline.terraform.workspace import Workspace
from tasks.support import retried_step, step


class NotApprovedError(PipelineError):
    """The plan may not be applied."""


@step
def keep_for_approval(
    home: StateHome, run_id: str, plan: Plan, summary: str, restores: str = ""
) -> WaitingPlan:
    """Keep the plan beside the state, and remember that this run waits for a decision on it."""
    waiting = WaitingPlan(keep_plan(home, plan), utc_now(), summary, restores)
    remember_waiting(home, run_id, waiting)
    return waiting


@step
def find_waiting(home: StateHome, run_id: str) -> WaitingPlan | None:
    """Return what this run waits for, when it was suspended for a decision."""
    return waiting_plan(home, run_id)


@step
def fetch_kept(home: StateHome, waiting: WaitingPlan, path: Path) -> Plan:
    """Fetch exactly the plan that was shown for decision."""
    return fetch_plan(home, waiting.plan, path)


@step
def require_approval(
    home: StateHome,
    run_id: str,
    waiting: WaitingPlan,
    *,
    approved: bool,
    by: str,
    note: str,
    valid_for: timedelta,
) -> str:
    """Refuse unless a named person approved this very plan, in time, for the state as it is."""
    head = read_head(home)
    serial, lineage = (head.serial, head.lineage) if head else (0, "")
    approval = Approval(waiting.plan, approved, by, waiting.shown, valid_for, note)
    verdict = judge_approval(approval, waiting.plan, serial, lineage, utc_now())
    if not verdict.granted:
        forget_waiting(home, run_id)
        drop_plan(home, waiting.plan)
        raise NotApprovedError(verdict.reason)
    get_run_logger().info(verdict.reason)
    return by


@retried_step
def require_unchanged(home: StateHome, plan: Plan) -> None:
    """Refuse a plan that was made against another state, before anything is done for its sake."""
    head = read_head(home)
    found = (head.serial, head.lineage) if head else (0, "")
    if found != (plan.serial, plan.lineage):
        raise StalePlanError(
            f"The state of {home.environment} is at serial {found[0]}, the plan was made against "
            f"{plan.serial}. Nothing was done. Run it again."
        )


@retried_step
def snapshot_state(home: StateHome, run_id: str) -> Snapshot | None:
    """Copy the state before it is changed."""
    snapshot = take_snapshot(home, run_id)
    if snapshot is not None:
        get_run_logger().info("State serial %d copied to %s", snapshot.serial, snapshot.key)
    return snapshot


@retried_step
def record_configuration(
    home: StateHome,
    workspace: Workspace,
    plan: Plan,
    run_id: str,
    variables: dict[str, Any],
    *,
    succeeded: bool,
    terraform_version: str,
    approved_by: str = "",
    restores: str = "",
    snapshot: Snapshot | None = None,
) -> str:
    """Keep the applied configuration as a bundle with its outputs, for rollback-infrastructure."""
    bundle = pack(workspace.module, variables)
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


@retried_step
def forget_kept(home: StateHome, run_id: str, plan: Plan) -> None:
    """Forget the plan that was kept for approval, once it was applied: well or not."""
    if waiting_plan(home, run_id) is not None:
        forget_waiting(home, run_id)
        drop_plan(home, identity(home, plan))


def _plain_outputs(workspace: Workspace) -> dict[str, Any]:
    return {name: item.value for name, item in workspace.outputs().items() if not item.sensitive}
