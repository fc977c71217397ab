"""Runs the receiver."""

import sys

import uvicorn
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from deployments.secret_file import secret_in
from deployments.webhook.app import create_app
from deployments.webhook.settings import WebhookSettings
from pipeline.errors import PipelineError


def serve() -> None:
    """Serve until told to stop."""
    if not PREFECT_API_URL.value():
        sys.exit("Which Prefect server? Set PREFECT_API_URL (or log in to Prefect Cloud), then start again.")
    try:
        settings = WebhookSettings.read()
    except PipelineError as error:
        sys.exit(str(error))
    if settings.secret_file and not settings.secrets:
        secret_in(settings.secret_file)
    # Prefect's client waits seconds before it asks again; deployments.webhook.asking waits milliseconds.
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        uvicorn.run(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            server_header=False,
        )
