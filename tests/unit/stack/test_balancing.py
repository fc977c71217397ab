"""The emulated load balancer passes over tasks that do not listen."""

import asyncio
from typing import Any

import pytest

from deployments.local.stack.emulator import passing_over
from deployments.local.stack.settings import Settings
from deployments.local.stack.specs import CONNECT_SECONDS, specs

REFUSED = (502, {}, b'{"message": "Target b connect error: [Errno 111] Connection refused"}')
SERVED = (200, {}, b"served")
SILENT = (502, {}, b'{"message": "Target b connect error: timed out"}')
BROKEN = (502, {}, b'{"message": "Target b connect error: Remote end closed connection without response"}')
GROUP = {"TargetGroupArn": "group"}


@pytest.mark.parametrize(
    ("method", "answers", "expected", "asked"),
    [
        pytest.param("GET", {"a": SERVED, "b": SERVED}, SERVED, ["a"], id="a task that serves is enough"),
        pytest.param("POST", {"a": REFUSED, "b": SERVED}, SERVED, ["a", "b"], id="the next one serves"),
        pytest.param("GET", {"a": REFUSED, "b": REFUSED}, REFUSED, ["a", "b"], id="nobody listens"),
        pytest.param("GET", {"a": SILENT, "b": SERVED}, SERVED, ["a", "b"], id="a dead address says nothing"),
        pytest.param("POST", {"a": SILENT, "b": SERVED}, SILENT, ["a"], id="a POST may have been taken"),
        pytest.param(
            "GET", {"a": BROKEN, "b": SERVED}, BROKEN, ["a"], id="a taken request that is lost shows"
        ),
    ],
)
def test_a_refused_request_is_offered_to_the_others(
    method: str, answers: dict[str, Any], expected: tuple[int, Any, Any], asked: list[str]
) -> None:
    """Only a request that nobody took moves on, to each of the other targets once."""
    seen: list[str] = []

    async def forward(target: dict[str, Any], group: dict[str, Any], method: str) -> tuple[int, Any, Any]:
        seen.append(target["Id"])
        return answers[target["Id"]]  # type: ignore[no-any-return]

    offer = passing_over(forward, lambda _: [{"Id": "a"}, {"Id": "b"}])
    assert asyncio.run(offer({"Id": "a"}, GROUP, method)) == expected
    assert seen == asked


def test_a_dead_task_costs_a_visitor_little() -> None:
    """The emulator gives up connecting long before the ten seconds of an ordinary client are over."""
    emulator = next(spec for spec in specs(Settings.read()) if spec.name == "aws")
    assert float(emulator.variables["ALB_TARGET_CONNECT_TIMEOUT_SECONDS"]) == CONNECT_SECONDS <= 2
