"""Looks whether a deployment can succeed, before anything is changed."""

from functools import partial

from prefect.logging import get_run_logger

from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.preflight.cloud import cloud_checks
from pipeline.preflight.engine import engine_checks
from pipeline.preflight.model import Finding, Status, faults, run_checks
from pipeline.preflight.present import PresentService
from pipeline.preflight.source import source_checks
from pipeline.source.resolve import source_of
from tasks.support import show_table, step


class PreflightError(PipelineError):
    """A deployment cannot succeed as things are; nothing was changed."""


@step
def preflight(live: LiveEnvironment, ref: str | None, builds: bool) -> tuple[Finding, ...]:
    """Ask every check, show all answers, and raise when one speaks against deploying.

    ``ref`` is what is built where an image is; the checks bring it onto this machine.
    """
    environment, present = live.settings, PresentService(live)
    checks = cloud_checks(live, present)
    if builds:
        pinned = partial(source_of, environment, ref, live.token)
        checks += source_checks(pinned, environment.source.dockerfile)
        checks += engine_checks(environment, present)
    findings = run_checks(checks)
    for item in findings:
        level = get_run_logger().error if item.status is Status.NG else get_run_logger().info
        level("%-4s %s: %s", item.status, item.name, item.reason)
    show_table(
        live,
        "preflight",
        [{"check": item.name, "result": item.status, "reason": item.reason} for item in findings],
        f"Can a release be deployed to {live.name}?",
    )
    found = faults(findings)
    if found:
        reasons = "\n".join(f"  - {item.name}: {item.reason}" for item in found)
        raise PreflightError(f"Nothing was changed: {len(found)} checks speak against deploying.\n{reasons}")
    return findings
