"""Parts of a diagnosis: findings of each topic, and unread answers. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.preflight.model import CheckStatus


class Fault(StrEnum):
    """Kind of fault; each has its cause and next step in ``causes``. Root causes come first."""

    SERVICE_MISSING = "service missing"
    NOTHING_RUNS = "nothing wanted"
    SECRET_MISSING = "secret missing"  # noqa: S105 - a kind of fault, no secret
    SECRET_REFUSED = "secret refused"  # noqa: S105 - a kind of fault, no secret
    IMAGE_MISSING = "image missing"
    ENDPOINT_FIREWALL = "endpoint firewall"
    OUTBOUND_FIREWALL = "outbound firewall"
    NO_ROUTE = "no route"
    IMAGE_NOT_PULLED = "image not pulled"
    VOLUME_FIREWALL = "volume firewall"
    VOLUME = "volume"
    ARCHITECTURE = "architecture"
    OUT_OF_MEMORY = "out of memory"
    VARIABLE_MISSING = "variable missing"
    APPLICATION_EXITS = "application exits"
    CAPACITY = "capacity"
    TASK_FIREWALL = "task firewall"
    HEALTH_SETTINGS = "health settings"
    TARGET_SETTINGS = "target settings"
    CONTAINER_UNHEALTHY = "container unhealthy"
    HEALTH_STATUS = "health status"
    HEALTH_SILENT = "health silent"
    PUBLIC_FIREWALL = "public firewall"
    DNS = "dns"
    CERTIFICATE = "certificate"
    APPLICATION_ERRORS = "application errors"
    HTTP = "http"
    STOPPED_OTHERWISE = "stopped otherwise"
    SCALING_SUSPENDED = "scaling suspended"
    SCALING_AT_LIMIT = "scaling at limit"
    SCALING_INCOMPLETE = "scaling incomplete"
    SCALING_FAILED = "scaling failed"
    ROLLOUT_FAILED = "rollout failed"
    ROLLOUT_UNDER_WAY = "rollout under way"
    TASKS_MISSING = "tasks missing"
    NOT_THE_RECORDED = "not the recorded release"
    ALARM = "alarm"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and how it is."""

    topic: str
    subject: str
    status: CheckStatus
    reason: str
    fault: Fault | None = None
    """What an NG finding speaks for; None for one that no cause is known of."""
    past: bool = False
    """Whether it is over: the service is steady again, or on another release."""


@dataclass(frozen=True)
class Unread:
    """Stands for an answer that could not be had."""

    reason: str


@dataclass(frozen=True)
class Topic:
    """Writes the findings of one topic."""

    name: str

    def ok(self, subject: str, reason: str) -> Finding:
        """Say that something is as it should be."""
        return Finding(self.name, subject, CheckStatus.OK, reason)

    def ng(self, subject: str, reason: str, fault: Fault | None, *, past: bool = False) -> Finding:
        """Say what is wrong and what that speaks for."""
        return Finding(self.name, subject, CheckStatus.NG, reason, fault, past)

    def skip(self, subject: str, reason: str) -> Finding:
        """Say why nothing can be told, or that it does not apply."""
        return Finding(self.name, subject, CheckStatus.SKIP, reason)


def wrong(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what is wrong."""
    return tuple(item for item in findings if item.status is CheckStatus.NG)
