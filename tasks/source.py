"""Brings the application's source onto the worker."""

import os
from pathlib import Path

from prefect import task
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.environment import PROJECT
from pipeline.source import ResolvedSource, resolve_source
from pipeline.source.location import is_url


@task(name="resolve-source", retries=2, retry_delay_seconds=[2, 10], persist_result=False)
def fetch_source(target: Target, ref: str | None) -> ResolvedSource:
    """Pin the source at ``ref``; without one: the environment's branch, or the folder as it lies there."""
    source = target.environment.source
    default = target.environment.branch if is_url(source.repository) else None
    found = resolve_source(
        source.repository,
        cache=Path(os.environ.get("VIMBISO_STATE", PROJECT / ".local")) / "sources",
        ref=ref or default,
        context=source.context,
        dockerfile=source.dockerfile,
        token=target.source_token.get_secret_value() if target.source_token else "",
        project=PROJECT,
    )
    get_run_logger().info("Release %s from %s at %s", found.release, found.repository, found.ref or "hand")
    return found
