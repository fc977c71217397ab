"""Makes single calls of a boto3 client fail as AWS would, before anything is sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import EndpointConnectionError

UNREACHABLE = "no answer"
"""Instead of a code: the connection fails."""


@contextmanager
def refusing(client: Any, operation: str, code: str, *, after: int = 0, times: int = 1000) -> Iterator[None]:
    """Answer an operation (``PutObject``) with an error: so many ``times``, ``after`` so many that go on."""
    asked = 0

    def answer(**_: Any) -> tuple[SimpleNamespace, dict[str, Any]] | None:
        nonlocal asked
        asked += 1
        if not after < asked <= after + times:
            return None
        if code == UNREACHABLE:
            raise EndpointConnectionError(endpoint_url="https://aws.test")
        return SimpleNamespace(status_code=400), {"Error": {"Code": code, "Message": "no"}}

    event = f"before-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    client.meta.events.register(event, answer)
    try:
        yield
    finally:
        client.meta.events.unregister(event, answer)
