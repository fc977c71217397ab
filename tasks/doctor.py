"""Examines an account for what Terraform is about to ask of it."""

from datetime import timedelta

from prefect.logging import get_run_logger

from blocks.approver import enrolled_approvers
from pipeline.approvers import ApprovalRule
from pipeline.doctor.examine import examine
from pipeline.doctor.judge_approvers import judge_approvers
from pipeline.doctor.model import DoctorLine, Sizes
from pipeline.live import LiveEnvironment
from pipeline.preflight.model import CheckStatus
from tasks.support import show_table, step


@step
def examine_account(live: LiveEnvironment, sizes: Sizes, rollout_limit: timedelta) -> tuple[DoctorLine, ...]:
    """Ask everything, and show each answer with its next step."""
    rule = ApprovalRule(live.name, live.settings.approvers, enrolled_approvers(live.name))
    lines = (*examine(live, sizes, rollout_limit), judge_approvers(rule, live.settings.approval))
    log = get_run_logger()
    for item in lines:
        say = log.warning if item.status is CheckStatus.NG else log.info
        say("%-4s %s: %s%s", item.status, item.name, item.seen, f". {item.next}" if item.next else "")
    show_table(
        live,
        "doctor",
        [
            {"line": item.name, "result": item.status, "seen": item.seen, "next step": item.next}
            for item in lines
        ],
        f"Does the account take what Terraform makes for {live.name}?",
    )
    return lines
