"""Middleware of each request: count it, log it, and turn the unforeseen into an answer."""

import json
import sys
import time
import traceback
import uuid
from collections.abc import MutableMapping
from typing import Any

from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.clock import utc_now


def log(event: str, **fields: str | int | float | None) -> None:
    """Write one line to standard output."""
    line = {"time": utc_now().isoformat(timespec="milliseconds"), "event": event, **fields}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Metrics:
    """Counters of one receiver."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "webhook_requests", "Answers by endpoint and status.", ["path", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            "webhook_request_seconds", "Time to the answer.", ["path"], registry=self._registry
        )
        self.started = Counter(
            "webhook_deployments", "Accepted deliveries.", ["environment"], registry=self._registry
        )
        self.coalesced = Counter(
            "webhook_coalesced",
            "Accepted deliveries that a newer one's run serves.",
            ["environment"],
            registry=self._registry,
        )
        self.statuses = Counter("webhook_statuses", "Statuses sent to GitHub.", registry=self._registry)
        self.report_errors = Counter(
            "webhook_report_errors", "Rounds of reporting that failed.", registry=self._registry
        )

    def text(self) -> bytes:
        """Return the text format."""
        return generate_latest(self._registry)


_PATHS = frozenset({"/webhooks/github", "/webhooks/deploy", "/health", "/metrics"})


class Observed:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and watch its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets JSON and no stack trace
            if status == 0:
                await _unforeseen(error)(scope, receive, watched)
        self._record(scope, status, time.perf_counter() - began)

    def _record(self, scope: Scope, status: int, taken: float) -> None:
        path = scope["path"] if scope["path"] in _PATHS else "other"
        self._metrics.requests.labels(path, status).inc()
        self._metrics.seconds.labels(path).observe(taken)
        if path.startswith("/webhooks/"):
            _log_request(scope, path, status, taken)


def _log_request(scope: MutableMapping[str, Any], path: str, status: int, taken: float) -> None:
    headers = Headers(scope=scope)
    log(
        "request",
        path=path,
        status=status,
        seconds=round(taken, 4),
        client=scope["client"][0] if scope.get("client") else None,
        kind=headers.get("x-github-event", "")[:40],
        delivery=headers.get("x-github-delivery", "")[:40],
    )


def _unforeseen(error: Exception) -> JSONResponse:
    """Log where it happened, not what the error says: that may quote the request or a secret."""
    reference = uuid.uuid4().hex[:12]
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{where.filename}:{where.lineno} {where.name}"
    log("unforeseen", reference=reference, error=type(error).__name__, where=place)
    step = f"Redeliver; if it stays, look for the reference {reference} in the receiver's log."
    body = {"error": "The receiver failed.", "reference": reference, "next_step": step}
    return JSONResponse(body, 500)
