"""Lets the emulated load balancer pass over tasks that do not listen yet.

By itself it sends requests to a task as soon as its container runs. AWS sends none before the health checks
pass, so a rollout that loses no request there would lose some here.
"""

from collections.abc import Awaitable, Callable
from typing import Any

Forward = Callable[..., Awaitable[tuple[int, Any, Any]]]
"""Forwards one request to one target: (target, target group, *request) to (status, headers, body)."""

_NOT_CONNECTED = (b"Connection refused", b"No route to host")


def passing_over(forward: Forward, targets: Callable[[str], list[dict[str, Any]]]) -> Forward:
    """Return a forwarder that offers a request which nobody took to the group's other targets in turn."""

    async def offer(target: dict[str, Any], group: dict[str, Any], *request: Any) -> tuple[int, Any, Any]:
        answer = await forward(target, group, *request)
        for other in targets(group["TargetGroupArn"]):
            if not _nobody_listened(answer):
                break
            if other != target:
                answer = await forward(other, group, *request)
        return answer

    return offer


def _nobody_listened(answer: tuple[int, Any, Any]) -> bool:
    """A connection that was not made took nothing of the request: offering it again repeats nothing."""
    status, _, body = answer
    return status == 502 and isinstance(body, bytes) and any(reason in body for reason in _NOT_CONNECTED)
