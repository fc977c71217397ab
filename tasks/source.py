"""Brings the application's source onto the worker."""

from prefect import task
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.source import ResolvedSource, source_of


@task(name="resolve-source", retries=2, retry_delay_seconds=[2, 10], persist_result=False)
def fetch_source(target: Target, ref: str | None) -> ResolvedSource:
    """Pin the source at ``ref``; without one: the environment's branch, or the folder as it lies there."""
    found = source_of(target.environment, ref, target.token)
    get_run_logger().info("Release %s from %s at %s", found.release, found.repository, found.ref or "hand")
    return found
