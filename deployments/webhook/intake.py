"""What is asked of a request before anybody reads it: rate, type, size, signature."""

import time
from collections import OrderedDict

from fastapi import Request

from deployments.webhook.settings import WebhookSettings
from pipeline.webhook.model import Bucket, Refusal, take
from pipeline.webhook.reading import is_signed

_CLIENTS = 10_000
"""Clients remembered at most; the one that was quiet longest is forgotten first."""


class Limiter:
    """One token bucket per client address."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

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
