"""Checks the one-time codes of approvers."""

from datetime import datetime
from typing import cast
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from pydantic import SecretStr

from blocks.approver import Approver, approver_block, enrolled_approvers
from pipeline.approvers import ApprovalRule, Attempt, judge_code
from pipeline.live import LiveEnvironment
from tasks.support import retried_step


def approval_rule(live: LiveEnvironment) -> ApprovalRule:
    """Return what an approval takes now."""
    return ApprovalRule(live.name, live.settings.approvers, enrolled_approvers(live.name))


@retried_step
def check_code(live: LiveEnvironment, name: str, code: SecretStr, answer: str) -> str:
    """Judge the code in an answer of this run, named by its key; return its fault, "" for none.

    The time that counts is the server's, when it took the answer: a worker may start minutes later.
    """
    block_name = approver_block(live.name, name)
    block = cast("Approver", Approver.load(block_name))
    new = Attempt(question=f"{flow_run.id}/{answer}", at=_given_at(answer))
    verdict = judge_code(block.secret, block.attempts, new, code)
    if verdict.attempts != block.attempts:
        block.attempts = verdict.attempts
        block.save(block_name, overwrite=True)
    if verdict.fault:
        get_run_logger().warning("An answer in the name of %s was not taken. %s", name, verdict.fault)
    else:
        get_run_logger().info("%s approves: the code is right", name)
    return verdict.fault


def _given_at(answer: str) -> datetime:
    with get_client(sync_client=True) as client:
        (found,) = client.filter_flow_run_input(
            UUID(flow_run.id), key_prefix=answer, limit=1, exclude_keys=set()
        )
    if found.created is None:
        raise TypeError
    return found.created
