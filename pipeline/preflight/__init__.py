"""Checks whether a deployment can succeed, before anything is changed."""

from pipeline.preflight.cloud import cloud_checks
from pipeline.preflight.engine import engine_checks
from pipeline.preflight.model import Check, CheckFailedError, Finding, Status, faults, run_checks

__all__ = [
    "Check",
    "CheckFailedError",
    "Finding",
    "Status",
    "cloud_checks",
    "engine_checks",
    "faults",
    "run_checks",
]
