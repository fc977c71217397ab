"""What no code foresaw."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from deployments.webhook.observed import Metrics, Observed


async def _broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("a secret in the error's text")


def _ask(metrics: Metrics) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport: Any = httpx.ASGITransport(Observed(_broken, metrics))
        async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
            return await client.post("/webhooks/github")

    return asyncio.run(ask())


def test_the_unforeseen_is_json_with_a_reference(capsys: pytest.CaptureFixture[str]) -> None:
    """The caller gets a reference that the log explains; neither quotes the error."""
    metrics = Metrics()
    answer = _ask(metrics)
    assert (answer.status_code, set(answer.json())) == (500, {"error", "reference", "next_step"})
    written = capsys.readouterr().out
    first = json.loads(written.splitlines()[0])
    assert (first["reference"], first["error"]) == (answer.json()["reference"], "RuntimeError")
    assert "_broken" in first["where"]
    assert "secret" not in written + answer.text
    assert b'webhook_requests_total{path="/webhooks/github",status="500"} 1.0' in metrics.text()
