"""Carries out a retention plan."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.logs.cloudwatch import CloudWatchLogs, Pacer
from pipeline.logs.retention import RetentionPlan

PUT_RETENTION_PER_SECOND = 5
"""Quota of PutRetentionPolicy per account and region (CloudWatch Logs quotas)."""


@dataclass(frozen=True)
class RetentionResult:
    """Groups that were set, and why others were not."""

    done: tuple[str, ...]
    failed: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether every planned change was made."""
        return not self.failed


def apply_retention(access: AwsAccess, plan: RetentionPlan, pacer: Pacer | None = None) -> RetentionResult:
    """Set the retention of each planned group; one that fails does not stop the others. Repeatable."""
    logs = CloudWatchLogs(access)
    pacer = pacer or Pacer(PUT_RETENTION_PER_SECOND)
    done: list[str] = []
    failed: dict[str, str] = {}
    for row in plan.changes:
        pacer.wait()
        try:
            logs.set_retention(row.group.name, plan.days)
        except AwsError as error:
            failed[row.group.name] = str(error)
        else:
            done.append(row.group.name)
    return RetentionResult(tuple(done), failed)
