"""Examination of the account, before anything is made or changed there."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from flows.shared.rollout import ROLLOUT_LIMIT
from pipeline.errors import PipelineError
from pipeline.preflight.model import CheckStatus
from tasks.doctor import examine_account
from tasks.environment import load_environment
from tasks.terraform import read_root_sizes


@flow(name="doctor", flow_run_name="{environment}")
@state_is_outcome
def doctor(environment: EnvironmentName) -> str:
    """Ask what only the account knows: whether deploy-infrastructure can succeed there. Nothing is changed.

    Looks at account and region, quotas, names that are taken and whose they are, hosted zone and delegation,
    service-linked roles, trail, image scanning, alarms, secret keys, who hears the alerts, and shared Redis.
    Works before the first apply and before each later one, by the environment's settings alone.

    **When it fails:** a line is NG; the message has the first, the run's table each with its next step. What
    AWS does not tell these credentials, or an emulator lacks, is a SKIP with the reason.

    Args:
        environment: whose account to examine.
    """
    live = load_environment(environment, built=False, identified=False)
    lines = examine_account(live, read_root_sizes(live), ROLLOUT_LIMIT)
    wrong = [line for line in lines if line.status is CheckStatus.NG]
    skipped = counted(sum(line.status is CheckStatus.SKIP for line in lines), "line")
    if wrong:
        first = wrong[0]
        more = f" {counted(len(wrong), 'line')} NG in all." if len(wrong) > 1 else ""
        raise PipelineError(f"{first.name}: {first.seen}. {first.next}{more}")
    return f"Nothing stands in the way: {counted(len(lines), 'line')}, of which {skipped} SKIP."
