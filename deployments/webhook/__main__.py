"""Runs the receiver: python -m deployments.webhook."""

import sys

import uvicorn

from deployments.webhook.app import create_app
from deployments.webhook.settings import webhook_settings
from pipeline.errors import PipelineError


def main() -> None:
    """Serve until told to stop."""
    try:
        settings = webhook_settings()
    except PipelineError as error:
        sys.exit(str(error))
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    main()
