"""Understands what Docker streams while it pushes. No I/O."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.documents import part, whole
from pipeline.image.errors import PushError, PushInterruptedError

_SUMMARY = re.compile(r"digest: (sha256:[0-9a-f]{64})")
_ENDED = {"Pushed", "Layer already exists", "Mounted"}
_EXPIRED = ("authorization token has expired", "no basic auth credentials", "401 unauthorized")
_TRANSIENT = (
    "timeout",
    "timed out",
    "connection reset",
    "connection refused",
    "connection broken",
    "broken pipe",
    "eof",
    "no such host",
    "temporary failure",
    "tls handshake",
    "toomanyrequests",
    "too many requests",
    "rate exceeded",
    "blob upload unknown",
    "internal server error",
    "received unexpected http status: 5",
    "bad gateway",
    "service unavailable",
)


@dataclass(frozen=True)
class Layer:
    """One layer on its way; sizes in bytes."""

    id: str
    status: str = ""
    sent: int = 0
    total: int = 0

    @property
    def ended(self) -> bool:
        """Whether the registry holds it."""
        return self.status in _ENDED or self.status.startswith("Mounted from")


@dataclass(frozen=True)
class PushProgress:
    """How far a push is. Only what is really sent counts in the bytes, not layers that were there."""

    layers: tuple[Layer, ...] = ()
    digest: str = ""

    @property
    def ended(self) -> int:
        """How many layers the registry holds."""
        return sum(layer.ended for layer in self.layers)

    @property
    def sent_bytes(self) -> int:
        """Bytes sent so far."""
        return sum(layer.sent for layer in self.layers)


PushReport = Callable[[PushProgress], None]


def advance(progress: PushProgress, message: Mapping[str, Any], image: str) -> PushProgress:
    """Return the progress after one message of the stream.

    Raises:
        PushInterruptedError: the message is an error that another attempt may not meet.
        PushError: the message is an error for good.
    """
    if "error" in message or "errorDetail" in message:
        raise push_failure(str(message.get("error") or part(message, "errorDetail").get("message")), image)
    digest = str(part(message, "aux").get("Digest") or "") or _summary(message)
    if digest:
        return replace(progress, digest=digest)
    return replace(progress, layers=_updated(progress.layers, message)) if message.get("id") else progress


def push_failure(reason: str, image: str) -> PushError:
    """Sort an error by whether another attempt, with a new login, may succeed."""
    said = reason.lower()
    if any(sign in said for sign in (*_EXPIRED, *_TRANSIENT)):
        return PushInterruptedError(f"Pushing {image} was interrupted: {reason}. Run again.")
    if "immutable" in said:
        return PushError(f"Pushing {image}: the tag exists already ({reason}). Run again: it will be used.")
    if "denied" in said:
        return PushError(
            f"Pushing {image}: {reason}. The identity lacks permission to push to this repository."
        )
    if "not exist" in said or "not found" in said or "name unknown" in said:
        return PushError(f"Pushing {image}: {reason}. Run deploy-infrastructure to make the repository.")
    return PushError(f"Pushing {image}: {reason}")


def _summary(message: Mapping[str, Any]) -> str:
    found = _SUMMARY.search(str(message.get("status", "")))
    return found.group(1) if found else ""


def _updated(layers: tuple[Layer, ...], message: Mapping[str, Any]) -> tuple[Layer, ...]:
    """Replace the layer that the message is about, or append it; the order of first sight stays."""
    detail = part(message, "progressDetail")
    known = {layer.id: layer for layer in layers}
    before = known.get(str(message["id"]), Layer(str(message["id"])))
    # A layer whose size Docker guessed too low is sent past its "total".
    sent = max(before.sent, whole(detail, "current"))
    total = max(before.total, sent, whole(detail, "total"))
    known[before.id] = replace(before, status=str(message.get("status", "")), sent=sent, total=total)
    return tuple(known.values())
