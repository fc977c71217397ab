"""Bad weather: a share of all requests is throttled, fails, is slow, or loses its answer."""

import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from support.fault_proxy import Damage, Fault, Request

_XML = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>On purpose.</Message></Error>"
    "<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
)
_S3 = "<Error><Code>{code}</Code><Message>On purpose.</Message></Error>"


def throttled(request: Request) -> Fault:
    """Answer as AWS does to too many requests, in the words of the service's protocol."""
    if request.service == "s3":
        return Fault(503, _S3.format(code="SlowDown"))
    if request.target:
        return Fault(400, json.dumps({"__type": "ThrottlingException", "message": "On purpose."}))
    return Fault(400, _XML.format(code="Throttling"))


def failed(request: Request) -> Fault:
    """Answer as AWS does when it fails itself."""
    if request.service == "s3":
        return Fault(500, _S3.format(code="InternalError"))
    if request.target:
        return Fault(500, json.dumps({"__type": "InternalFailure", "message": "On purpose."}))
    return Fault(500, _XML.format(code="InternalFailure"))


def expired(request: Request) -> Fault:
    """Answer as AWS does to temporary credentials whose time is over."""
    message = "The security token included in the request is expired"
    if request.service == "s3":
        return Fault(400, f"<Error><Code>ExpiredToken</Code><Message>{message}</Message></Error>")
    if request.target:
        return Fault(400, json.dumps({"__type": "ExpiredTokenException", "message": message}))
    return Fault(403, _XML.format(code="ExpiredToken"))


@dataclass
class Expiry:
    """The credentials expire once these operations were carried out, in this order: none is after them."""

    operations: list[str]

    def __call__(self, request: Request) -> Fault | None:
        """Return the refusal, or None before the credentials' end."""
        if not self.operations:
            return expired(request)
        if request.operation == self.operations[0]:
            del self.operations[0]
        return None


@dataclass
class Weather:
    """Decides by chance which requests of a row meet a fault; every kind has its turn. Counts what it did."""

    share: float
    seed: int = 7
    done: Counter[str] = field(default_factory=Counter)
    """How often each ``service kind`` happened; ``service`` alone counts every request."""

    @property
    def faults(self) -> float:
        """The share of the requests that met a fault."""
        met = sum(count for name, count in self.done.items() if " " in name)
        return met / (self.done.total() - met)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - weather is no secret
        self._one_at_a_time = threading.Lock()
        self._ahead: list[bool] = []
        self._kinds: list[str | Damage] = []

    def _next_meets_one(self) -> bool:
        if not self._ahead:
            self._ahead = [True, *[False] * (round(1 / self.share) - 1)]
            self._chance.shuffle(self._ahead)
        return self._ahead.pop()

    def _next_kind(self) -> str | Damage:
        if not self._kinds:
            self._kinds = ["throttled", "failed", "slow", *Damage]
            self._chance.shuffle(self._kinds)
        return self._kinds.pop()

    def __call__(self, request: Request) -> Fault | None:
        """Return the request's fault, or None for a fair one."""
        with self._one_at_a_time:
            self.done[request.service] += 1
            if not self._next_meets_one():
                return None
            kind = self._next_kind()
            self.done[f"{request.service} {kind if isinstance(kind, str) else kind.value}"] += 1
        if isinstance(kind, Damage):
            # An answer to HEAD has no body to cut.
            return Fault(damage=Damage.LOST if request.method == "HEAD" else kind)
        return {"throttled": throttled, "failed": failed}.get(kind, _slow)(request)


def _slow(_request: Request) -> Fault:
    return Fault(seconds=1.5)
