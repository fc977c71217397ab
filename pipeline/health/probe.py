"""Asks the health path again and again, and judges the answers."""

import time
from collections.abc import Callable, Iterable

import httpx

from pipeline.clock import Sleep
from pipeline.health.model import Probe, ProbeReport, Reply

_ON_THE_WAY = frozenset({502, 503, 504})
"""What a load balancer says of a target that is not there yet or no longer; 503 also who is warming up."""


def is_own_error(reply: Reply) -> bool:
    """Whether the application itself answered, and with an error."""
    return reply.status is not None and reply.status >= 400 and reply.status not in _ON_THE_WAY


def judge(replies: Iterable[Reply], in_a_row: int) -> bool:
    """Whether the newest ``in_a_row`` answers are all good."""
    newest = list(replies)[-in_a_row:]
    return len(newest) == in_a_row and all(reply.fault is None for reply in newest)


def probe(
    requested: Probe,
    transport: httpx.BaseTransport | None = None,
    sleep: Sleep = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> ProbeReport:
    """Ask until enough good answers came in a row, the release is surely broken, or the window is over.

    Never raises for a bad answer.
    """
    headers = {"Host": requested.host} if requested.host else {}
    replies: list[Reply] = []
    began = clock()
    end, not_broken = began + requested.window, began
    with httpx.Client(
        headers=headers, timeout=requested.timeout, transport=transport, trust_env=False
    ) as client:
        while True:
            replies.append(_ask(client, requested))
            now = clock()
            if not is_own_error(replies[-1]):
                not_broken = now
            healthy = judge(replies, requested.in_a_row)
            if healthy or now >= end or now - not_broken >= requested.broken_after:
                return ProbeReport(requested.url, healthy, tuple(replies))
            sleep(requested.interval if replies[-1].fault else min(requested.interval, 0.2))


def _ask(client: httpx.Client, requested: Probe) -> Reply:
    started = time.monotonic()
    try:
        answer = client.get(requested.url)
    except httpx.HTTPError as error:
        return Reply(time.monotonic() - started, None, fault=f"{type(error).__name__}: {error}".rstrip(": "))
    seconds = time.monotonic() - started
    release = _release(answer)
    return Reply(seconds, answer.status_code, release, _fault(answer, release, requested.release))


def _release(answer: httpx.Response) -> str | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    return str(body["release"]) if isinstance(body, dict) and body.get("release") else None


def _fault(answer: httpx.Response, release: str | None, requested: str | None) -> str | None:
    if not answer.is_success:
        return f"HTTP {answer.status_code}"
    if requested and release and release != requested:
        return f"release {release} answers instead of {requested}"
    return None
