"""Steps of every change to the infrastructure: plan, guard, approve, apply, record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from prefect.logging import get_run_logger

from flows.shared.approval import APPROVAL_TIME, prompt, why_asked
from pipeline.state.model import StateSnapshot
from pipeline.state.plans import WaitingPlan
from pipeline.terraform.document import Plan, PlanDocument
from pipeline.terraform.page import plan_page
from pipeline.terraform.summary import summarise
from pipeline.terraform.workspace import PlanRequest
from tasks.change import (
    fetch_kept,
    find_waiting,
    forget_kept,
    guard_plan,
    is_recorded,
    keep_for_approval,
    record_configuration,
    report_plan,
    require_approval,
    require_targets,
    require_unchanged,
    snapshot_state,
)
from tasks.support import emit
from tasks.terraform import (
    Session,
    read_back,
    terraform_apply,
    terraform_init,
    terraform_plan,
    terraform_show,
)

_NOTHING = "Nothing to apply: the infrastructure is what the configuration says."
Step = Callable[[PlanDocument], object]


def _nothing(_document: PlanDocument) -> None:
    """Take no step."""


@dataclass(frozen=True)
class Change:
    """A change to the infrastructure, and its terms."""

    request: PlanRequest
    variables: dict[str, Any]
    allow: Sequence[str] | None = ()
    """Addresses that may be lost; None: all of them, as the person was told."""
    restores: str = ""
    plan_only: bool = False
    after_plan: Step = _nothing
    before_apply: Step = _nothing
    event: str = "infrastructure.applied"
    records: bool = True
    """Whether the configuration is one to go back to."""


def change_infrastructure(session: Session, change: Change) -> str:
    """Carry the change through; return what was applied, in a sentence.

    Where the environment wants approval the run is suspended after the plan was shown. The resumed run
    starts from the beginning, finds the kept plan, and applies that very plan or nothing.
    """
    terraform_init(session)
    waiting = find_waiting(session.home, session.run_id)
    if waiting is None:
        plan, document, summary = _plan(session, change)
        if not plan.has_changes:
            if change.records and not change.plan_only and not is_recorded(session.home):
                _record(session, plan, document, change)
                read_back(session, change.request)
            return _NOTHING
        if change.plan_only:
            return f"Plan: {summary}; nothing was applied."
        if session.live.settings.approval == "always":
            waiting = keep_for_approval(session.home, session.run_id, plan, summary, change.restores)
    else:
        plan = fetch_kept(session.home, waiting, session.workspace.folder.plan)
        document, summary = terraform_show(session, plan), waiting.summary
    approved_by = request_approval(session, waiting, plan, document) if waiting else ""
    require_unchanged(session.home, plan)
    change.before_apply(document)
    _apply(session, plan, document, change, approved_by)
    return f"Applied: {summary}{f', approved by {approved_by}' if approved_by else ''}."


def request_approval(session: Session, waiting: WaitingPlan, plan: Plan, document: PlanDocument) -> str:
    """Suspend the run until a person decides on the whole plan; return who approved.

    Raises:
        PipelineError: refused, expired, or the state changed meanwhile.
    """
    live, key = session.live, waiting.plan.sha256[:12]
    decision = prompt(
        live,
        f"{plan_page(live.name, summarise(document))}\n\n"
        f"Approved, exactly this plan is applied: `{key}`, for state serial {waiting.plan.serial}. "
        f"Refused, nothing is changed. {why_asked(live)}",
        key,
        waiting.shown,
    )
    return require_approval(
        session.home,
        session.run_id,
        waiting,
        plan,
        approved=decision.approved,
        by=decision.by,
        note=decision.note,
        valid_for=APPROVAL_TIME,
    )


def _plan(session: Session, change: Change) -> tuple[Plan, PlanDocument, str]:
    plan = terraform_plan(session, change.request)
    document = terraform_show(session, plan)
    require_targets(session.home, document, change.request.targets)
    summary = report_plan(session.live, document)
    change.after_plan(document)
    if not plan.has_changes:
        get_run_logger().info(_NOTHING)
    elif change.allow is not None:
        guard_plan(document, change.allow)
    return plan, document, summary.sentence


def _apply(session: Session, plan: Plan, document: PlanDocument, change: Change, approved_by: str) -> None:
    snapshot = snapshot_state(session.home, session.run_id)
    succeeded = False
    try:
        terraform_apply(session, plan, document)
        succeeded = True
    finally:
        if change.records:
            _record(session, plan, document, change, snapshot, approved_by, succeeded=succeeded)
        forget_kept(session.home, session.run_id, plan)
        detail = change.event if succeeded else "infrastructure.failed"
        emit(session.live, detail, plan=plan.sha256[:12], changes=len(document.changes))
    if change.records:
        read_back(session, change.request)


def _record(
    session: Session,
    plan: Plan,
    document: PlanDocument,
    change: Change,
    snapshot: StateSnapshot | None = None,
    approved_by: str = "",
    *,
    succeeded: bool = True,
) -> None:
    record_configuration(
        session.home,
        session.workspace,
        plan,
        session.run_id,
        change.variables,
        {f"environments/{session.live.name}.tfvars": change.request.var_files[0]},
        succeeded=succeeded,
        snapshot=snapshot,
        approved_by=approved_by,
        restores=change.restores,
        terraform_version=document.terraform_version,
    )
