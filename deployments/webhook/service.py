"""From a checked body to runs: the two kinds of call."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from typing import Any

import httpx
from prefect.exceptions import ObjectNotFound

from deployments.webhook.github import decide
from deployments.webhook.model import Deploy, Ignore, Refusal
from deployments.webhook.observed import Metrics, log
from deployments.webhook.queues import DeliveryQueues, StartedRun
from deployments.webhook.reading import parse_generic, read_object
from deployments.webhook.settings import WebhookSettings
from deployments.webhook.store import DeliveryStore
from pipeline.environment.loader import environments

_PATIENCE = 8.0
"""Seconds for Prefect; GitHub gives a delivery up after ten."""

Answer = tuple[int, dict[str, Any]]


class DeliveryHandler:
    """Handles deliveries whose signature has been checked."""

    def __init__(
        self, settings: WebhookSettings, store: DeliveryStore, metrics: Metrics, queues: DeliveryQueues
    ) -> None:
        self._settings, self._store, self._metrics, self._queues = settings, store, metrics, queues
        self._starting: dict[str, asyncio.Task[list[dict[str, str]]]] = {}

    async def github(self, body: bytes, event: str | None, delivery: str | None) -> Answer:
        """Handle a GitHub delivery; return status and JSON.

        Raises:
            Refusal: as the decision says; 409 for a delivery id with two bodies; 503 without Prefect.
        """
        if not event or not delivery or len(delivery) > 100:
            raise Refusal(400, "X-GitHub-Event or X-GitHub-Delivery is missing.", "Send GitHub's headers.")
        digest = hashlib.sha256(event.encode() + b"\0" + body).hexdigest()
        if (earlier := self._earlier(delivery, digest)) is not None:
            return 200, {"ignored": "this delivery was handled already", "runs": earlier}
        document, known = read_object(body), environments().values()
        decision = decide(
            event, document, list(known), time.time(), self._settings.github_age, self._settings.events
        )
        if isinstance(decision, Ignore):
            return 200, {"ignored": decision.reason}
        started = await self._start_together(digest, decision)
        answer = {"digest": digest, "runs": started}
        for key in (f"delivery {delivery}", f"body {digest}"):
            self._store.remember(key, time.time(), answer)
        return 202, {"runs": started}

    async def plain(self, body: bytes) -> Answer:
        """Handle a plain call; return status and JSON.

        Raises:
            Refusal: as the check says; 409 for a nonce used before; 503 without Prefect.
        """
        call = parse_generic(read_object(body), environments(), time.time(), self._settings.plain_age)
        key = f"nonce {call.nonce}"
        if not self._store.claim(key, time.time()):
            raise Refusal(409, "The nonce was used before.", "Sign a new call with a new nonce.")
        try:
            return 202, {"runs": await self._start([call.deploy])}
        except Refusal:
            self._store.release(key)
            raise

    async def _start_together(self, digest: str, deploys: Sequence[Deploy]) -> list[dict[str, str]]:
        """Redeliveries that come while the first is under way wait for its answer; Prefect is asked once."""
        task = self._starting.get(digest)
        if task is None:
            task = self._starting[digest] = asyncio.create_task(self._start(deploys))
            task.add_done_callback(lambda _: self._starting.pop(digest))
        return await asyncio.shield(task)

    def _earlier(self, delivery: str, digest: str) -> Any:
        """The id is not signed: the body decides as well, so that a new id does not make a replay new."""
        answer = self._store.seen(f"delivery {delivery}")
        if answer and answer["digest"] != digest:
            raise Refusal(409, "The delivery id came with another body before.", "Send it under its own id.")
        answer = answer or self._store.seen(f"body {digest}")
        return answer["runs"] if answer else None

    async def _start(self, deploys: Sequence[Deploy]) -> list[dict[str, str]]:
        return [await self._start_one(deploy) for deploy in deploys]

    async def _start_one(self, deploy: Deploy) -> dict[str, str]:
        """A commit that a newer one replaced has no run under its key: only the store knows its answer."""
        key = f"key {deploy.key}"
        if known := self._store.seen(key):
            return dict(known)
        served = await self._in_time(deploy)
        entry = self._entry(deploy, served)
        self._store.remember(key, time.time(), entry)
        return entry

    def _entry(self, deploy: Deploy, served: StartedRun) -> dict[str, str]:
        replaced = served.deploy.key != deploy.key
        self._metrics.started.labels(deploy.environment).inc()
        self._metrics.coalesced.labels(deploy.environment).inc(replaced)
        log("deployment", environment=deploy.environment, commit=deploy.commit, flow_run=served.run)
        entry = {
            "environment": deploy.environment,
            "commit": deploy.commit,
            "flow_run_id": served.run,
            "flow_run_url": f"{self._settings.ui_url}/runs/flow-run/{served.run}",
        }
        return {**entry, "replaced_by": served.deploy.commit} if replaced else entry

    async def _in_time(self, deploy: Deploy) -> StartedRun:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._queues.serve(deploy)
        except ObjectNotFound as error:
            name = f"deploy-application/{deploy.environment}"
            raise Refusal(
                503, f"Prefect has no deployment {name}.", "Register it, then redeliver.", 60
            ) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise unreachable() from error


def unreachable() -> Refusal:
    """Return the refusal when Prefect does not answer."""
    return Refusal(503, "Prefect's API does not answer.", "Redeliver when it is back.", retry_after=30)
