"""The receiver as it answers in this process; a list stands for Prefect."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.webhook import app as module
from deployments.webhook.model import Deploy
from deployments.webhook.queues import StartedRun
from deployments.webhook.reading import sign
from deployments.webhook.settings import WebhookSettings

REPOSITORY = "https://github.com/acme/pay.git"


class ListedRuns:
    """Prefect, as far as the receiver asks it: every deployment is a run."""

    def __init__(self) -> None:
        self.started: list[Deploy] = []

    async def start(self, deploy: Deploy) -> StartedRun:
        """Start a run."""
        self.started.append(deploy)
        return StartedRun(f"run-{len(self.started)}", deploy)

    async def cancel_superseded(self, environment: str) -> bool:
        """Find nothing to cancel."""
        return False


class Receiver:
    """A receiver and what it started."""

    def __init__(self, state: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
        monkeypatch.setenv("VIMBISO_STATE", str(state))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        self.runs = ListedRuns()
        monkeypatch.setattr(module, "Runs", lambda: self.runs)
        self.app = module.create_app(WebhookSettings.read())

    def call(self, secret: str, environment: str, **more: Any) -> httpx.Response:
        """Send a plain call."""
        body = {
            "environment": environment,
            "timestamp": time.time(),
            "nonce": f"{time.time_ns():020}",
            **more,
        }
        content = json.dumps(body).encode()
        return self.post("/webhooks/deploy", content, {"X-Signature-256": sign(content, secret)})

    def push(self, secret: str, branch: str, commit: str = "a" * 40, **more: Any) -> httpx.Response:
        """Deliver a push."""
        repository = {"clone_url": REPOSITORY, "full_name": "acme/pay", "pushed_at": int(time.time())}
        document = {"ref": f"refs/heads/{branch}", "after": commit, "repository": repository, **more}
        content = json.dumps(document).encode()
        headers = {
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": f"{time.time_ns()}",
            "X-Hub-Signature-256": sign(content, secret),
        }
        return self.post("/webhooks/github", content, headers)

    def post(self, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a request."""
        return self.ask(lambda client: client.post(path, content=content, headers=headers))

    def ask(self, send: Callable[[httpx.AsyncClient], Any]) -> Any:
        """Let a client ask."""

        async def ask() -> Any:
            transport = httpx.ASGITransport(self.app)
            kind = {"Content-Type": "application/json"}
            async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=kind) as client:
                return await send(client)

        return asyncio.run(ask())
