"""Brings the application's source onto the worker."""

from prefect.logging import get_run_logger

from pipeline.live import LiveEnvironment
from pipeline.source.model import ResolvedSource
from pipeline.source.resolve import source_of
from tasks.support import retried_step


@retried_step
def fetch_source(live: LiveEnvironment, ref: str | None) -> ResolvedSource:
    """Pin the source at ``ref``; without one: the environment's branch, or the folder as it lies there."""
    found = source_of(live.settings, ref, live.token)
    get_run_logger().info("Release %s from %s at %s", found.release, found.repository, found.ref or "hand")
    return found
