"""Diagnosis of a service that is not well."""

from datetime import datetime, timedelta
from typing import Annotated

from prefect import flow
from prefect.logging import get_run_logger
from pydantic import Field

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from tasks.environment import load_environment
from tasks.history import diagnose_service


@flow(name="diagnose", flow_run_name="{environment}")
@state_is_outcome
def diagnose(environment: EnvironmentName, since_hours: Annotated[int, Field(ge=1, le=168)] = 2) -> str:
    """Go through the guide's troubleshooting chapter and name the likely causes, each with its next step.

    Looks at tasks, logs, variables, secrets, image, health checks, security groups, routes, auto scaling,
    events, certificate, name, alarms and release records, and changes nothing. The run's page among the
    artifacts begins with the likely causes. An unhealthy service does not fail the run.

    **When it fails:** the environment is unknown, was never built, or its credentials are not valid; the
    error says which. Whatever else cannot be read is a SKIP on the page, with its reason.

    Args:
        environment: where to look.
        since_hours: how far back tasks, events and metrics are looked at; ECS forgets stopped tasks after
            about an hour.
    """
    live = load_environment(environment)
    return diagnose_service(live, since_hours).headline


def explain_failure(live: LiveEnvironment, since: datetime | None = None) -> str:
    """Write the diagnosis of a failure; return its likeliest cause in a line, "" where none was found.

    What happened before ``since``, when the failed rollout began, was another one's.
    """
    hours = (utc_now() - since) / timedelta(hours=1) if since else 2
    try:
        found = diagnose_service(live, hours)
    except PipelineError as error:
        get_run_logger().warning("No diagnosis was made: %s", error)
        return ""
    return f"Diagnosis: {found.headline}" if found.causes else ""
