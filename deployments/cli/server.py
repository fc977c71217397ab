"""Choice of the Prefect server, and the message where it cannot be reached."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, NoReturn

from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

NOT_STARTED = 2
HAS_STACK = find_spec("deployments.local.stack") is not None
"""Whether the local stack's code is there: the pipeline's own image does without."""


def enter_stack() -> None:
    """Take the local stack's settings over, whatever Prefect settings the shell has.

    Prefect reads its settings when it is imported, which must not have happened yet.
    """
    from deployments.local.stack.environment import child_environment

    variables = child_environment()
    os.environ.clear()
    os.environ.update(variables)


@contextmanager
def server_of(name: str) -> Iterator["SyncPrefectClient"]:
    """Yield a client of the environment's Prefect server; end the process with 2 and a sentence on trouble.

    An emulated environment's server is the local stack's, unless the shell names another.
    """
    from pipeline.environment.loader import environment

    try:
        emulated = environment(name).emulated
    except PipelineError as error:
        _give_up(str(error))
    if emulated and HAS_STACK:
        enter_stack_unless_named()
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    if not PREFECT_API_URL.value():
        _give_up("Which Prefect server? Set PREFECT_API_URL (or log in to Prefect Cloud).")
    try:
        with get_client(sync_client=True) as client:
            yield client
    except PipelineError as error:
        _give_up(str(error))
    except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: what Prefect makes of a dead server
        _give_up(_unreachable(error, PREFECT_API_URL.value()))


def enter_stack_unless_named() -> None:
    """Take the local stack's settings over, unless the shell names another server."""
    from deployments.local.stack.environment import child_environment

    if not _has_server(child_environment()):
        enter_stack()


def _has_server(stack: dict[str, str]) -> bool:
    """Whether the shell names a server: another one, or the stack's with its password."""
    named, password = os.environ.get("PREFECT_API_URL"), os.environ.get("PREFECT_API_AUTH_STRING")
    local = named == stack["PREFECT_API_URL"] and password != stack.get("PREFECT_API_AUTH_STRING")
    return bool(named) and not local


def _give_up(reason: str) -> NoReturn:
    print(reason, file=sys.stderr)
    raise SystemExit(NOT_STARTED)


def _unreachable(error: Exception, url: str | None) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status == 401:
        return (
            f"The Prefect server at {url} asks for a password. Set PREFECT_API_AUTH_STRING to it; "
            "vimbiso status says where the local one's is."
        )
    return (
        f"The Prefect server at {url} did not answer as expected: "
        f"{' '.join(str(error).split())[:300] or type(error).__name__}\n"
        "Does it run? The local one: vimbiso up"
    )
