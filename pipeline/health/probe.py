"""Asks the health path again and again, and judges the answers."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Thread

import httpx

from pipeline.clock import Sleep
from pipeline.health.answers import ON_THE_WAY, explain_answer, name_body, name_place
from pipeline.health.codes import HealthCodes
from pipeline.health.model import Probe, ProbeReport, Reply

_LONGEST = 1 << 20
"""Bytes of an answer that are read."""


def is_own_error(reply: Reply, codes: HealthCodes) -> bool:
    """Whether the application itself answered, and with a code that is none of the good ones."""
    return reply.status is not None and not codes.accepts(reply.status) and reply.status not in ON_THE_WAY


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
    headers = {"Accept-Encoding": "identity"}  # what unpacks to gigabytes is not unpacked
    headers |= {"Host": requested.host} if requested.host else {}
    headers |= {"X-Forwarded-Proto": "https"} if requested.https else {}
    replies: list[Reply] = []
    began = clock()
    end, not_broken = began + requested.window, began
    with httpx.Client(
        headers=headers, timeout=requested.timeout, transport=transport, trust_env=False
    ) as client:
        while True:
            replies.append(_ask(client, requested))
            now = clock()
            if not is_own_error(replies[-1], requested.codes):
                not_broken = now
            healthy = judge(replies, requested.in_a_row)
            if healthy or now >= end or now - not_broken >= requested.broken_after:
                return ProbeReport(requested.shown, healthy, tuple(replies))
            sleep(requested.interval if replies[-1].fault else min(requested.interval, 0.2))


def _ask(client: httpx.Client, requested: Probe) -> Reply:
    """Wait ``timeout`` in all: httpx starts it again with every byte, so a server could drip for ever."""
    coming: Future[Reply] = Future()

    def ask() -> None:
        try:
            coming.set_result(_reply(client, requested))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            coming.set_exception(error)

    Thread(target=ask, daemon=True).start()
    limit = requested.timeout + 0.5  # httpx itself says more of what came too late
    try:
        return coming.result(limit)
    except TimeoutError:  # the thread ends with the client
        return Reply(limit, None, None, f"No whole answer within {requested.timeout:g} s")


def _reply(client: httpx.Client, requested: Probe) -> Reply:
    started = time.monotonic()
    try:
        # The certificate is the public name's, also where the load balancer is asked by its own.
        name = {"sni_hostname": requested.host} if requested.host else {}
        with client.stream("GET", requested.url, follow_redirects=False, extensions=name) as coming:
            answer = _read(coming)
    except httpx.HTTPError as error:
        return _unanswered(time.monotonic() - started, error, requested.url)
    seconds = time.monotonic() - started
    release = _release(answer)
    if requested.codes.accepts(answer.status_code):
        return Reply(seconds, answer.status_code, release, _shortcoming(answer, seconds, release, requested))
    cause = explain_answer(answer.status_code, answer.headers, requested.url)
    return Reply(seconds, answer.status_code, release, _fault(answer), cause)


def _read(coming: httpx.Response) -> httpx.Response:
    """Return the answer with the beginning of its body as it came, whatever it is packed with."""
    body = b""
    for block in coming.iter_raw():
        body += block
        if len(body) >= _LONGEST:
            break
    headers = {name: text for name, text in coming.headers.items() if name not in _PACKED}
    return httpx.Response(coming.status_code, headers=headers, content=body[:_LONGEST])


_PACKED = ("content-encoding", "content-length", "transfer-encoding")


def _shortcoming(answer: httpx.Response, seconds: float, release: str | None, requested: Probe) -> str | None:
    """Return what an accepted answer still lacks."""
    if requested.release and release and release != requested.release:
        return f"release {release} answers instead of {requested.release}"
    if requested.text and requested.text not in answer.text:
        return f"HTTP {answer.status_code} without {requested.text!r} ({name_body(answer.text)})"
    if requested.slowest is not None and seconds > requested.slowest:
        return f"the answer took {seconds:.1f} s, and may take {requested.slowest:g} s"
    return None


def _unanswered(seconds: float, error: httpx.HTTPError, url: str) -> Reply:
    place = httpx.URL(url)
    port = place.port or (443 if place.scheme == "https" else 80)
    if isinstance(error, httpx.ConnectError) and "refused" in str(error):
        return Reply(seconds, None, None, f"Nothing listens on port {port}")
    if isinstance(error, httpx.ReadTimeout):
        return Reply(seconds, None, None, f"No answer within {seconds:.0f} s (ReadTimeout)")
    return Reply(seconds, None, None, f"{type(error).__name__}: {error}".rstrip(": "))


def _release(answer: httpx.Response) -> str | None:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return None
    return str(body["release"]) if isinstance(body, dict) and body.get("release") else None


def _fault(answer: httpx.Response) -> str:
    location, body = answer.headers.get("location"), name_body(answer.text)
    return (
        f"HTTP {answer.status_code}"
        f"{f' to {name_place(location)}' if location else ''}{f' ({body})' if body else ''}"
    )
