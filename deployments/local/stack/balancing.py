"""Lets the emulated load balancer pass over tasks that do not listen.

By itself it sends requests to a task as soon as its container runs, and to one that died until it notices.
AWS sends none before the health checks pass, so a rollout that loses no request there would lose some here.
"""

from collections.abc import Awaitable, Callable
from typing import Any

Forward = Callable[..., Awaitable[tuple[int, Any, Any]]]
"""Forwards one request to one target: (target, target group, method, *rest) to (status, headers, body)."""

CONNECT_SECONDS = 1.0
"""How long a container on this machine may take to accept a connection. A dead one's address answers nothing
at all, and the emulator's own ten seconds are all that many a client waits."""

_NOT_CONNECTED = (b"Connection refused", b"No route to host")
_SAFE = ("GET", "HEAD")
"""Methods that may be repeated (RFC 9110, 9.2.1) where it is not known whether the request was taken."""


def passing_over(forward: Forward, targets: Callable[[str], list[dict[str, Any]]]) -> Forward:
    """Return a forwarder that offers a request which nobody took to the group's other targets in turn."""

    async def offer(
        target: dict[str, Any], group: dict[str, Any], method: str, *rest: Any
    ) -> tuple[int, Any, Any]:
        answer = await forward(target, group, method, *rest)
        for other in list(targets(group["TargetGroupArn"])):
            if not _nobody_took(answer, method):
                break
            if other != target:
                answer = await forward(other, group, method, *rest)
        return answer

    return offer


def _nobody_took(answer: tuple[int, Any, Any], method: str) -> bool:
    """Whether the request may be offered again.

    A connection that was not made took nothing of it. "timed out" may mean the connection or the answer.
    """
    status, _, body = answer
    if status != 502 or not isinstance(body, bytes):
        return False
    reasons = (*_NOT_CONNECTED, b"timed out") if method.upper() in _SAFE else _NOT_CONNECTED
    return any(reason in body for reason in reasons)
