"""Behaviour of all steps: names, retries, events and artifacts. Every task module may import it."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import httpx
from prefect import Task, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run

from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.release.model import ReleaseRecord

_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
P = ParamSpec("P")
R = TypeVar("R")
DELAYS = (2.0, 10.0, 30.0)
"""Seconds before each further try of a step that failed for a transient reason."""


def step(function: Callable[P, R]) -> Task[P, R]:
    """Task that runs once; it is named after its function, and its result is not persisted."""
    return task(name=function.__name__, persist_result=False)(function)


def retried_step(function: Callable[P, R]) -> Task[P, R]:
    """Task that is tried again after a transient error: for what may be repeated, never for an apply."""
    return task(
        name=function.__name__,
        persist_result=False,
        retries=len(DELAYS),
        retry_delay_seconds=list(DELAYS),
        retry_condition_fn=_failed_transiently,
    )(function)


def is_transient(error: object) -> bool:
    """Whether the same call may succeed in a minute; what is not known to be transient is final."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error or error.response.status_code in _BUSY
    if isinstance(error, RuntimeError):  # Prefect's client wraps what kept it from the server
        return isinstance(error.__cause__, httpx.HTTPError) and is_transient(error.__cause__)
    return isinstance(error, httpx.HTTPError) or (isinstance(error, PipelineError) and error.transient)


def _failed_transiently(_task: object, _run: object, state: State[Any]) -> bool:
    return is_transient(state.data)


_TOLD = (StateType.COMPLETED, StateType.FAILED)


def has_told(live: LiveEnvironment, record: ReleaseRecord) -> bool:
    """Whether the run that wrote a record came to its end, or a later one of this flow completed for it.

    Prefect forgets runs: of a record older than a day it is supposed.
    """
    if utc_now() - record.ended_at > timedelta(days=1):
        return True
    ended = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED])),
        end_time=FlowRunFilterEndTime(after_=record.ended_at),
    )
    named = FlowFilter(name=FlowFilterName(any_=[str(flow_run.flow_name)]))
    with get_client(sync_client=True) as client:
        try:
            state = client.read_flow_run(UUID(record.flow_run)).state
        except (ObjectNotFound, ValueError):
            return True
        found = client.read_flow_runs(flow_filter=named, flow_run_filter=ended, limit=200)
    return (state is not None and state.type in _TOLD) or any(
        run.parameters.get("environment") == live.name and not run.parameters.get("dry_run") for run in found
    )


def emit(live: LiveEnvironment, what: str, **payload: Any) -> None:
    """Emit the event ``vimbiso.WHAT`` about the environment; docs/runbook/README.md lists them all."""
    emit_event(
        event=f"vimbiso.{what}",
        resource={"prefect.resource.id": f"vimbiso.environment.{live.name}"},
        payload=payload,
    )


def show_table(live: LiveEnvironment, kind: str, rows: Sequence[dict[str, Any]], description: str) -> None:
    """Keep a table as the artifact ``KIND-ENVIRONMENT``."""
    create_table_artifact(key=f"{kind}-{live.name}", table=list(rows), description=description)


def show_page(live: LiveEnvironment, kind: str, markdown: str, description: str) -> None:
    """Keep a page of Markdown as the artifact ``KIND-ENVIRONMENT``."""
    create_markdown_artifact(key=f"{kind}-{live.name}", markdown=markdown, description=description)
