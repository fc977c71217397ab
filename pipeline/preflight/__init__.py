"""Checks whether a deployment can succeed, before anything is changed."""

from pipeline.preflight.cloud import cloud_checks
from pipeline.preflight.engine import engine_checks
from pipeline.preflight.live import LiveService
from pipeline.preflight.model import Check, CheckFailedError, Finding, Status, faults, run_checks
from pipeline.preflight.source import source_checks

__all__ = [
    "Check",
    "CheckFailedError",
    "Finding",
    "LiveService",
    "Status",
    "cloud_checks",
    "engine_checks",
    "faults",
    "run_checks",
    "source_checks",
]
