"""Asks the health path again and again, and judges the answers."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx

from pipeline.clock import Sleep


@dataclass(frozen=True)
class Probe:
    """What to ask. ``host`` replaces the Host header where ``url`` is not the public address."""

    url: str
    host: str | None = None
    release: str | None = None
    """Release that the JSON answer must name where it names one; unchecked when None."""
    in_a_row: int = 5
    window: float = 60.0
    """Seconds within which so many good answers in a row must come."""
    broken_after: float = 5.0
    """Seconds of nothing but the application's own errors, after which waiting on is of no use."""
    interval: float = 0.5
    timeout: float = 5.0


@dataclass(frozen=True)
class Reply:
    """One answer: ``fault`` is None when it is good. ``seconds`` is the time to the last byte."""

    seconds: float
    status: int | None
    release: str | None = None
    fault: str | None = None


@dataclass(frozen=True)
class ProbeReport:
    """All answers of one probe."""

    url: str
    healthy: bool
    replies: tuple[Reply, ...] = field(repr=False)

    @property
    def message(self) -> str:
        """One sentence for people."""
        good = [reply.seconds for reply in self.replies if reply.fault is None]
        if self.healthy:
            return f"{self.url}: {len(good)} good answers, {self.latencies}."
        faults = [reply.fault for reply in self.replies if reply.fault]
        last = faults[-1] if faults else "no answer"
        return f"{self.url}: {len(faults)} of {len(self.replies)} answers bad, the last one: {last}."

    @property
    def latencies(self) -> str:
        """Median, 95th percentile and longest time of the good answers, for people."""
        p50, p95, longest = (self.percentile(share) * 1000 for share in (0.5, 0.95, 1.0))
        return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, max {longest:.0f} ms"

    def percentile(self, share: float) -> float:
        """Return the latency in seconds below which ``share`` (0 to 1) of the good answers lie."""
        good = sorted(reply.seconds for reply in self.replies if reply.fault is None)
        return good[min(int(len(good) * share), len(good) - 1)] if good else float("nan")


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
    wanted: Probe,
    transport: httpx.BaseTransport | None = None,
    sleep: Sleep = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> ProbeReport:
    """Ask until enough good answers came in a row, the release is surely broken, or the window is over.

    Never raises for a bad answer.
    """
    headers = {"Host": wanted.host} if wanted.host else {}
    replies: list[Reply] = []
    began = clock()
    end, not_broken = began + wanted.window, began
    with httpx.Client(
        headers=headers, timeout=wanted.timeout, transport=transport, trust_env=False
    ) as client:
        while True:
            replies.append(_ask(client, wanted))
            now = clock()
            if not is_own_error(replies[-1]):
                not_broken = now
            healthy = judge(replies, wanted.in_a_row)
            if healthy or now >= end or now - not_broken >= wanted.broken_after:
                return ProbeReport(wanted.url, healthy, tuple(replies))
            sleep(wanted.interval if replies[-1].fault else min(wanted.interval, 0.2))


def _ask(client: httpx.Client, wanted: Probe) -> Reply:
    started = time.monotonic()
    try:
        answer = client.get(wanted.url)
    except httpx.HTTPError as error:
        return Reply(time.monotonic() - started, None, fault=f"{type(error).__name__}: {error}".rstrip(": "))
    seconds = time.monotonic() - started
    release = _release(answer)
    return Reply(seconds, answer.status_code, release, _fault(answer, release, wanted.release))


def _release(answer: httpx.Response) -> str | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    return str(body["release"]) if isinstance(body, dict) and body.get("release") else None


def _fault(answer: httpx.Response, release: str | None, wanted: str | None) -> str | None:
    if not answer.is_success:
        return f"HTTP {answer.status_code}"
    if wanted and release and release != wanted:
        return f"release {release} answers instead of {wanted}"
    return None
