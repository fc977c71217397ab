"""The emulated load balancer passes over tasks that do not listen."""

import asyncio
from typing import Any

import pytest

from deployments.stack.balancing import passing_over

REFUSED = (502, {}, b'{"message": "Target b connect error: [Errno 111] Connection refused"}')
SERVED = (200, {}, b"served")
BROKEN = (502, {}, b'{"message": "Target b connect error: timed out"}')
GROUP = {"TargetGroupArn": "group"}


@pytest.mark.parametrize(
    ("answers", "expected", "asked"),
    [
        pytest.param({"a": SERVED, "b": SERVED}, SERVED, ["a"], id="a task that serves is enough"),
        pytest.param({"a": REFUSED, "b": SERVED}, SERVED, ["a", "b"], id="the next one serves"),
        pytest.param({"a": REFUSED, "b": REFUSED}, REFUSED, ["a", "b"], id="nobody listens"),
        pytest.param(
            {"a": BROKEN, "b": SERVED}, BROKEN, ["a"], id="a request that was taken is not repeated"
        ),
    ],
)
def test_a_refused_request_is_offered_to_the_others(
    answers: dict[str, Any], expected: tuple[int, Any, Any], asked: list[str]
) -> None:
    """Only a refused connection moves on, to each of the other targets once."""
    seen: list[str] = []

    async def forward(target: dict[str, Any], group: dict[str, Any], method: str) -> tuple[int, Any, Any]:
        seen.append(target["Id"])
        return answers[target["Id"]]  # type: ignore[no-any-return]

    offer = passing_over(forward, lambda _: [{"Id": "a"}, {"Id": "b"}])
    assert asyncio.run(offer({"Id": "a"}, GROUP, "GET")) == expected
    assert seen == asked
