"""Lines of the doctor's table, and the facts they are made of. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from pipeline.preflight.model import CheckStatus


@dataclass(frozen=True)
class DoctorLine:
    """One answer: the fact that was seen, and the next step where one is needed."""

    status: CheckStatus
    seen: str
    next: str = ""
    name: str = ""


def ok(seen: str) -> DoctorLine:
    """Say that something is as it must be."""
    return DoctorLine(CheckStatus.OK, seen)


def ng(seen: str, then: str) -> DoctorLine:
    """Say what is in the way, and what to do."""
    return DoctorLine(CheckStatus.NG, seen, then)


def skip(seen: str, then: str = "") -> DoctorLine:
    """Say why nothing can be told yet, or that it does not apply."""
    return DoctorLine(CheckStatus.SKIP, seen, then)


class Sizes(BaseModel):
    """Variables of the root module that decide what the account is asked for."""

    zone_count: int
    single_nat_gateway: bool
    task_cpu: int
    """CPU units; 1024 are one vCPU."""
    desired_count: int
    maximum_percent: int
    autoscaling: dict[str, Any] | None = None
    shared_redis: dict[str, Any] | None = None
    alarms: dict[str, Any] | None = None
    alarms_roll_back: bool
    alert_topic: bool
    alert_emails: list[str] = []
    event_rules: bool
    cloudtrail: bool
    access_logs: bool
    hosted_zone: str | None = None
    hosted_zone_id: str | None = None
    new_hosted_zone: bool = False


@dataclass(frozen=True)
class Taken:
    """A thing of AWS that has a name which Terraform wants."""

    import_id: str = ""
    """Word by which Terraform imports it; "" for what it cannot take over."""
    tags: Mapping[str, str] = field(default_factory=dict)
    dying: bool = False
    """Whether it is scheduled for deletion, and keeps its name until then."""
