"""What every change of the infrastructure goes through: plan, guard, approve, apply, record."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from pydantic import Field

from pipeline.state import WaitingPlan
from pipeline.terraform import Plan, PlanRequest
from tasks.change import (
    fetch_kept,
    find_waiting,
    keep_for_approval,
    record_configuration,
    require_approval,
    snapshot_state,
)
from tasks.plan_report import guard_plan, report_plan
from tasks.terraform import Session, terraform_apply, terraform_init, terraform_plan, terraform_show

APPROVAL_TIME = timedelta(hours=4)


class PlanDecision(RunInput):
    """A person's decision on the plan that the run shows."""

    approved: bool = Field(default=False, description="Apply exactly this plan")
    by: str = Field(min_length=1, description="Who decides")
    note: str = Field(default="", description="Why")


def change_infrastructure(
    session: Session,
    request: PlanRequest,
    variables: dict[str, Any],
    *,
    allow: Sequence[str] = (),
    restores: str = "",
    plan_only: bool = False,
) -> bool:
    """Carry the change through; return whether anything was applied.

    Where the environment wants approval the run is suspended after the plan was shown. The resumed run
    starts from the beginning, finds the kept plan, and applies that very plan or nothing.
    """
    terraform_init(session)
    waiting = find_waiting(session.home, session.run_id)
    if waiting is None:
        plan = terraform_plan(session, request)
        if not plan.has_changes:
            get_run_logger().info("Nothing to apply: the infrastructure is what the configuration says.")
            return False
        document = terraform_show(session, plan)
        summary = report_plan(session.target, document)
        guard_plan(document, allow)
        if plan_only:
            return False
        if session.target.environment.approval == "always":
            waiting = keep_for_approval(session.home, session.run_id, plan, summary.sentence, restores)
    else:
        plan = fetch_kept(session.home, waiting, session.workspace.folder.plan)
        document = terraform_show(session, plan)
    approved_by = ask_approval(session, waiting) if waiting else ""
    facts = {
        "approved_by": approved_by,
        "restores": restores,
        "terraform_version": document.terraform_version,
    }
    _apply(session, plan, variables, facts)
    return True


def ask_approval(session: Session, waiting: WaitingPlan) -> str:
    """Suspend the run until a person decides in the UI; return who approved.

    Raises:
        NotApprovedError: rejected, expired, or the state changed meanwhile.
    """
    question = PlanDecision.with_initial_data(
        description=(
            f"## {session.target.name}: {waiting.summary}\n\nThe table is among this run's artifacts. "
            f"The decision is for plan `{waiting.plan.sha256[:12]}` and state serial {waiting.plan.serial}, "
            f"and for {APPROVAL_TIME} from {waiting.shown:%Y-%m-%d %H:%M} UTC."
        ),
        by="",
    )
    decision = suspend_flow_run(
        wait_for_input=question, timeout=int(APPROVAL_TIME.total_seconds()), key=waiting.plan.sha256[:12]
    )
    return require_approval(
        session.home,
        session.run_id,
        waiting,
        approved=bool(decision and decision.approved),
        by=decision.by if decision else "",
        note=decision.note if decision else "",
        valid_for=APPROVAL_TIME,
    )


def _apply(session: Session, plan: Plan, variables: dict[str, Any], facts: dict[str, str]) -> None:
    snapshot = snapshot_state(session.home, session.run_id)
    succeeded = False
    try:
        terraform_apply(session, plan)
        succeeded = True
    finally:
        record_configuration(
            session.home,
            session.workspace,
            plan,
            session.run_id,
            variables,
            succeeded=succeeded,
            snapshot=snapshot,
            **facts,
        )
