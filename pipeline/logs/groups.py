"""Log groups, and which of them are an environment's. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline.outputs import Outputs


@dataclass(frozen=True)
class LogGroup:
    """One log group. ``retention_days`` is None where events never expire."""

    name: str
    retention_days: int | None
    created_at: datetime
    """Aware UTC."""


def environment_groups(groups: Iterable[LogGroup], outputs: Outputs) -> tuple[LogGroup, ...]:
    """Return the groups of an environment: the application's, and those named after what it consists of.

    AWS derives the names of its own groups (Container Insights, flow logs, WAF) from the resource's, which
    hold APP-ENVIRONMENT or the cluster's or service's name. ``prod`` is not found in ``production``.
    """
    names = {f"{outputs.app}-{outputs.environment}", outputs.cluster, outputs.service}
    either = "|".join(re.escape(name) for name in sorted(names))
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])")
    return tuple(group for group in groups if group.name == outputs.log_group or pattern.search(group.name))
