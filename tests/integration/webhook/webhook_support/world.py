"""The receiver as a process, before a real Prefect server."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
from support.ports import free_port
from webhook_support.deliveries import SECRETS, signed
from webhook_support.github import GitHub

from deployments.webhook.reading import sign

ENVIRONMENTS = ("local", "staging", "production")


def until(true: Callable[[], bool], seconds: float = 240) -> None:
    """Poll until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether something serves there."""
    try:
        return httpx.get(url, timeout=30).is_success
    except httpx.HTTPError:
        return False


class World:
    """A Prefect server and a receiver that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.github = folder, GitHub()
        self.prefect, self._receiver = free_port(), free_port()
        self.api = f"http://127.0.0.1:{self.prefect}/api"
        self.hooks = f"http://127.0.0.1:{self._receiver}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "GITHUB_", "WEBHOOK_"))}
        self.variables = {
            **kept,
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_UI_URL": "http://prefect.test",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "VIMBISO_STATE": str(folder),
            "VIMBISO_WEBHOOK_PORT": str(self._receiver),
            "VIMBISO_SOURCE": "https://github.com/acme/pay.git",
            "WEBHOOK_SECRETS": ",".join(f"{name}={secret}" for name in ENVIRONMENTS for secret in SECRETS),
            "WEBHOOK_MAX_BYTES": "20000",
            "WEBHOOK_FOLLOW": "0.5",
            "GITHUB_TOKEN": "made-up-token",
            "GITHUB_API_URL": self.github.address,
        }
        self.server: subprocess.Popen[bytes] | None = None
        self.receiver: subprocess.Popen[bytes] | None = None

    def start_server(self) -> None:
        """Serve Prefect's API."""
        words = ("deployments", "stack", "server", "--port", str(self.prefect))
        self.server = self._run("server", *words)
        until(lambda: answers(f"{self.api}/health"))

    def start_receiver(self, api: str = "") -> None:
        """Serve the hooks; ``api`` is another way to Prefect."""
        self.receiver = self._run("receiver", "deployments", "webhook", PREFECT_API_URL=api or self.api)
        until(lambda: answers(f"{self.hooks}/health"))

    def start_worker(self, pool: str) -> subprocess.Popen[bytes]:
        """Execute what is started on a work pool."""
        return self._run("worker", "prefect", "worker", "start", "--pool", pool)

    def stop(self, process: subprocess.Popen[bytes] | None) -> None:
        """End a process."""
        if process is not None:
            process.terminate()
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:  # a worker on a busy machine; its end is not what is tested
                process.kill()
                process.wait()

    def kill_receiver(self) -> None:
        """End the receiver as a power cut does."""
        assert self.receiver is not None
        self.receiver.kill()
        self.receiver.wait(120)

    def log(self) -> str:
        """Return what the receivers have written."""
        return (self.folder / "receiver.log").read_text(encoding="utf-8")

    def add_deployment(self, name: str, **more: Any) -> None:
        """Register a stand-in for deploy-application of an environment."""
        flow = httpx.post(f"{self.api}/flows/", json={"name": "deploy-application"}, timeout=120).json()["id"]
        body = {"name": name, "flow_id": flow, "parameters": {"environment": name}, "tags": [name], **more}
        until(lambda: httpx.post(f"{self.api}/deployments/", json=body, timeout=120).is_success)

    def deliver(self, body: bytes, delivery: str, secret: str = SECRETS[0], **headers: str) -> httpx.Response:
        """Send a signed delivery."""
        sent = {**signed(body, delivery, secret), **headers}
        return httpx.post(f"{self.hooks}/webhooks/github", content=body, headers=sent, timeout=120)

    def deliver_at_once(self, deliveries: Iterable[tuple[bytes, str]]) -> list[httpx.Response | None]:
        """Send many together; None for those that got no answer."""

        async def one(client: httpx.AsyncClient, body: bytes, delivery: str) -> httpx.Response | None:
            try:
                return await client.post(
                    f"{self.hooks}/webhooks/github", content=body, headers=signed(body, delivery)
                )
            except httpx.TransportError:
                return None

        async def send() -> list[httpx.Response | None]:
            async with httpx.AsyncClient(timeout=240) as client:
                return list(await asyncio.gather(*(one(client, *delivery) for delivery in deliveries)))

        return asyncio.run(send())

    def deliver_steadily(self, deliveries: list[tuple[bytes, str]], rate: float) -> list[tuple[int, float]]:
        """Send at most so many a second, not waiting for answers; return statuses and seconds to each."""

        async def one(client: httpx.AsyncClient, body: bytes, delivery: str) -> tuple[int, float]:
            url, began = f"{self.hooks}/webhooks/github", time.monotonic()
            answer = await client.post(url, content=body, headers=signed(body, delivery))
            return answer.status_code, time.monotonic() - began

        async def send() -> list[tuple[int, float]]:
            began, tasks = time.monotonic(), []
            # The receiver closes what is idle for five seconds: one as old might be closed while it is used.
            limits = httpx.Limits(max_connections=200, max_keepalive_connections=200, keepalive_expiry=1)
            async with httpx.AsyncClient(timeout=240, limits=limits, trust_env=False) as client:
                for number, item in enumerate(deliveries):
                    await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                    tasks.append(asyncio.create_task(one(client, *item)))
                return list(await asyncio.gather(*tasks))

        return asyncio.run(send())

    def call(self, secret: str = SECRETS[0], **fields: Any) -> httpx.Response:
        """Send a plain signed call."""
        body = json.dumps({"timestamp": time.time(), **fields}).encode()
        headers = {"Content-Type": "application/json", "X-Signature-256": sign(body, secret)}
        return httpx.post(f"{self.hooks}/webhooks/deploy", content=body, headers=headers, timeout=120)

    def runs(self) -> list[dict[str, Any]]:
        """Return all flow runs of the server."""
        found: list[dict[str, Any]] = httpx.post(f"{self.api}/flow_runs/filter", json={}, timeout=120).json()
        return found

    def run_of(self, answer: httpx.Response) -> dict[str, Any]:
        """Return the one run that an answer names."""
        (entry,) = answer.json()["runs"]
        found: dict[str, Any] = httpx.get(f"{self.api}/flow_runs/{entry['flow_run_id']}", timeout=120).json()
        return found

    def _run(self, name: str, *module: str, **more: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as out:
            command = [sys.executable, "-m", *module]
            return subprocess.Popen(command, env={**self.variables, **more}, stdout=out, stderr=out)
