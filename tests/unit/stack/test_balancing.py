"""The emulated load balancer passes over tasks that do not listen."""

import asyncio
from typing import Any

import pytest
from ministack.services import alb  # type: ignore[import-untyped] # has no types

from deployments.local.stack.emulator import as_https, passing_over
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


def test_an_application_behind_a_redirect_to_https_is_reached() -> None:
    """Its visitors came by HTTPS, whatever they claim themselves; nothing else is changed."""
    listener, asked = {"Protocol": "HTTP", "Port": 80}, {"Host": "pay", "X-Forwarded-Proto": "http"}
    told = as_https(alb._target_headers)("lb", listener, asked, "127.0.0.1")
    assert (told["x-forwarded-proto"], told["x-forwarded-port"]) == ("https", "443")
    assert (told["host"], told["x-forwarded-for"]) == ("pay", "127.0.0.1")
