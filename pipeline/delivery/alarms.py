"""The environment's alarms, and the last gate: none of them went off since the rollout began."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.delivery.model import Alarm, Verification
from pipeline.ecs.outcome import Outcome

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

_NAMES = 100
"""Alarms that one DescribeAlarms call may name (Amazon CloudWatch API reference)."""


def read_alarms(access: AwsAccess, names: Iterable[str]) -> tuple[Alarm, ...]:
    """Return how these alarms are.

    Raises:
        AwsError: CloudWatch does not tell.
    """
    wanted = list(names)
    if not wanted:
        return ()
    client = access.client("cloudwatch")
    with calling("Describing the environment's alarms"):
        found = [
            item
            for start in range(0, len(wanted), _NAMES)
            for item in client.describe_alarms(
                AlarmNames=wanted[start : start + _NAMES], MaxRecords=_NAMES, AlarmTypes=["MetricAlarm"]
            )["MetricAlarms"]
        ]
    return tuple(
        Alarm(item["AlarmName"], item["StateValue"], _since(item), item.get("StateReason", ""))
        for item in found
    )


def with_alarms(found: Verification, alarms: Iterable[Alarm], began: datetime) -> Verification:
    """Return what the gates found, UNHEALTHY where an alarm went off since the rollout ``began``.

    An alarm that went off earlier is named, but does not count against this release. Insufficient data
    proves nothing.
    """
    red = [alarm for alarm in alarms if alarm.state == "ALARM"]
    ours = [alarm.name for alarm in red if alarm.since >= began]
    older = [alarm.name for alarm in red if alarm.since < began]
    before = f" In alarm since before: {', '.join(older)}." if older else ""
    if ours and found.outcome is Outcome.SUCCEEDED:
        message = f"In alarm since the rollout began: {', '.join(ours)}.{before}"
        return replace(found, outcome=Outcome.UNHEALTHY, message=message)
    return replace(found, message=found.message + before)


def _since(item: "MetricAlarmTypeDef") -> datetime:
    """Return when the state changed; ``StateUpdatedTimestamp`` alone also moves without a change."""
    return item.get("StateTransitionedTimestamp") or item["StateUpdatedTimestamp"]
