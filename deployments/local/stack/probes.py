"""Questions to the stack's processes that tell whether they do their work."""

import base64
import json
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

from deployments.local.stack.processes import Process

WORK_POOL = "local"
WORKER = "local"
_ROUNDED = 1.0
"""Seconds by which a process may have started later than it seems: only the second of the boot is known."""
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(url: str, body: Any = None, timeout: float = 5.0, auth: str = "") -> Any:
    """Return the JSON answer to a GET, or to a POST of ``body``; never through a proxy.

    ``auth`` is ``USER:PASSWORD`` where the server asks for one.

    Raises:
        OSError, ValueError, HTTPException: no answer, a bad status, or no JSON.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if auth:
        headers["Authorization"] = f"Basic {base64.b64encode(auth.encode()).decode()}"
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own loopback
    with _DIRECT.open(request, timeout=timeout) as answer:
        return json.load(answer)


def answers(url: str) -> Callable[[Process], bool]:
    """Make the question whether ``url`` answers with success."""

    def probe(_: Process) -> bool:
        try:
            ask(url)
        except (OSError, ValueError, HTTPException):
            return False
        return True

    return probe


def worker_polls(api: str, auth: str) -> Callable[[Process], bool]:
    """Make the question whether the worker has reported to the server since its process was started."""

    def probe(process: Process) -> bool:
        try:
            workers = ask(f"{api}/work_pools/{WORK_POOL}/workers/filter", {}, auth=auth)
        except (OSError, ValueError, HTTPException):
            return False
        beats = [worker["last_heartbeat_time"] for worker in workers if worker["name"] == WORKER]
        own = datetime.fromtimestamp(process.started + _ROUNDED, UTC)
        return any(datetime.fromisoformat(beat) >= own for beat in beats if beat)

    return probe
