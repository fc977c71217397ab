"""Checks of a request before its body is read: rate, type, size, signature."""

import time
from collections import OrderedDict
from typing import Any

from fastapi import Request
from prefect.blocks.system import Secret

from deployments.secret_file import secret_in
from deployments.webhook.model import Refusal, TokenBucket, take
from deployments.webhook.reading import is_signed
from deployments.webhook.runs import with_retries
from deployments.webhook.settings import WebhookSettings

_KEPT = 60.0
"""Seconds that a block's value serves before it is read again: a rotation needs no restart."""


class Credentials:
    """Signing secrets and GitHub token: environment first, then file, then Secret block."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._blocks: dict[str, tuple[float, tuple[str, ...]]] = {}

    async def signing(self) -> tuple[str, ...]:
        """Return the valid secrets.

        Raises:
            Refusal: 503, there is none.
            httpx.HTTPError: Prefect cannot be asked.
        """
        file = self._settings.secret_file
        found = self._settings.secrets or (
            (secret_in(file),) if file else await self._block("webhook-secret")
        )
        if not found:
            step = "Set WEBHOOK_SECRET or the Secret block webhook-secret."
            raise Refusal(503, "The receiver has no secret to check signatures with.", step, retry_after=60)
        return found

    async def github(self) -> str:
        """Return the token for GitHub; empty where none is set."""
        return self._settings.github_token or next(iter(await self._block("github-token")), "")

    async def _block(self, name: str) -> tuple[str, ...]:
        read, values = self._blocks.get(name, (-_KEPT, ()))
        if time.monotonic() - read < _KEPT:
            return values
        values = await _load(name)
        self._blocks[name] = (time.monotonic(), values)
        return values


async def _load(name: str) -> tuple[str, ...]:
    try:
        block: Secret[Any] = await with_retries(lambda: Secret.aload(name))
    except ValueError:  # what Prefect raises where there is no such block
        return ()
    value = block.get()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


_CLIENTS = 10_000
"""Clients remembered at most; the one that was quiet longest is forgotten first."""


class Limiter:
    """One token bucket per client address."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def check(self, client: str) -> None:
        """Count a request.

        Raises:
            Refusal: 429.
        """
        bucket, wait = take(self._buckets.pop(client, None), time.monotonic(), self._rate, self._burst)
        self._buckets[client] = bucket
        if len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)
        if wait:
            raise Refusal(429, "Too many requests.", "Wait, then send it again.", retry_after=int(wait) + 1)


async def read_body(request: Request, settings: WebhookSettings) -> bytes:
    """Return the raw body of a JSON request.

    Raises:
        Refusal: 415 for another type, 413 above the limit (without reading the rest).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, "The content type is not application/json.", "Choose it where the hook is set up.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > settings.max_bytes:
            raise Refusal(
                413, f"The body exceeds {settings.max_bytes} bytes.", "Start the deployment by hand."
            )
    return bytes(body)


def demand_signature(request: Request, body: bytes, header: str, secrets: tuple[str, ...]) -> None:
    """Refuse a body without a valid signature in ``header``.

    Raises:
        Refusal: 401.
    """
    if not is_signed(body, request.headers.get(header), secrets):
        step = f"Sign the raw body with the shared secret: {header}: sha256=HEX."
        raise Refusal(401, "The signature is missing or wrong.", step)
