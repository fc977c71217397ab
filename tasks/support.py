"""Behaviour of all steps: names, retries, events and artifacts. Every task module may import it."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

import httpx
from prefect import Task, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.events import emit_event

from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment

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
