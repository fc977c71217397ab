"""The receiver's HTTP face."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from deployments.webhook.connections import BoundedConnection
from deployments.webhook.github_status import StatusReporter
from deployments.webhook.intake import BodyReader, Credentials, Limiter, demand_form, demand_signature
from deployments.webhook.model import Refusal
from deployments.webhook.observed import Metrics, Observed, log
from deployments.webhook.queues import DeliveryQueues
from deployments.webhook.runs import Runs
from deployments.webhook.service import DeliveryHandler, DeliveryStore, unreachable
from deployments.webhook.settings import WebhookSettings
from pipeline.environment.loader import environments
from pipeline.errors import PipelineError

_REDELIVERABLE = 3 * 86_400.0
"""Seconds for which GitHub redelivers; a replay is known at least as long."""


def create_app(settings: WebhookSettings) -> FastAPI:
    """Put the receiver together."""
    metrics, credentials = Metrics(), Credentials(settings)
    store = DeliveryStore(settings.store, max(_REDELIVERABLE, settings.github_age, settings.plain_age) + 600)
    runs = Runs()
    queues = DeliveryQueues(runs.start, runs.cancel_superseded)
    reporter = StatusReporter(settings, credentials, store, runs, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(_follow(reporter, settings.follow, metrics))
        for environment in environments():
            queues.look_at(environment)
        yield
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await queues.close()
        await runs.close()
        store.close()

    app = FastAPI(
        title="Webhook receiver", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.add_middleware(Observed, metrics=metrics)
    app.add_exception_handler(Refusal, _refused)
    _add_hooks(app, settings, credentials, DeliveryHandler(settings, store, metrics, queues))
    _add_watching(app, metrics)
    return app


def _add_hooks(
    app: FastAPI, settings: WebhookSettings, credentials: Credentials, service: DeliveryHandler
) -> None:
    limiter, bodies = Limiter(settings.rate, settings.burst), BodyReader(settings.max_bytes)

    async def checked(request: Request, header: str) -> tuple[bytes, frozenset[str]]:
        try:
            demand_form(request, header)
            body = await bodies.read(request)
            return body, demand_signature(request, body, header, await credentials.signing())
        except httpx.HTTPError as error:
            raise unreachable() from error
        except Refusal as refusal:
            if refusal.status < 500:
                limiter.charge(request.client.host if request.client else "")
            raise

    @app.post("/webhooks/github")
    async def github(request: Request) -> JSONResponse:
        body, signers = await checked(request, "X-Hub-Signature-256")
        headers = request.headers
        answer = await service.github(
            body, signers, headers.get("x-github-event"), headers.get("x-github-delivery")
        )
        return JSONResponse(answer[1], answer[0])

    @app.post("/webhooks/deploy")
    async def deploy(request: Request) -> JSONResponse:
        status, answer = await service.plain(*await checked(request, "X-Signature-256"))
        return JSONResponse(answer, status)


def _add_watching(app: FastAPI, metrics: Metrics) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics")
    async def text() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")


async def _refused(_: Request, refusal: Exception) -> JSONResponse:
    if not isinstance(refusal, Refusal):
        raise refusal
    log("refused", status=refusal.status, error=refusal.error)
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else None
    return JSONResponse({"error": refusal.error, "next_step": refusal.next_step}, refusal.status, headers)


async def _follow(reporter: StatusReporter, pause: float, metrics: Metrics) -> None:
    while True:
        try:
            await reporter.once()
        except Exception as error:  # noqa: BLE001 - whatever a round meets, the next one must come
            metrics.report_errors.inc()
            log("report-failed", error=type(error).__name__)
        await asyncio.sleep(pause)


SERVED: dict[str, Any] = {
    "http": BoundedConnection,
    "backlog": 128,
    "ws": "none",
    "access_log": False,
    "log_level": "warning",
    "server_header": False,
}
"""How uvicorn serves the receiver."""


def serve() -> None:
    """Serve until told to stop."""
    if not PREFECT_API_URL.value():
        sys.exit("Which Prefect server? Set PREFECT_API_URL (or log in to Prefect Cloud), then start again.")
    try:
        settings = WebhookSettings.read()
        app = create_app(settings)
    except PipelineError as error:
        sys.exit(str(error))
    # Prefect's client waits seconds before it asks again; deployments.webhook.runs waits milliseconds.
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        uvicorn.run(app, host=settings.host, port=settings.port, **SERVED)
