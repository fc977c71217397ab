"""Questions to the health path and their answers. Pure."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipeline.health.codes import SUCCESS, HealthCodes


@dataclass(frozen=True)
class Probe:
    """A question to the health path. ``host`` is the Host header where ``url`` is not the public address."""

    url: str
    host: str | None = None
    release: str | None = None
    """Release that the JSON answer must name where it names one; unchecked when None."""
    codes: HealthCodes = SUCCESS
    """Status codes of good answers; a redirect that is not among them is not followed, but told."""
    text: str = ""
    """Words that a good answer has in it."""
    slowest: float | None = None
    """Seconds that a good answer may take; any time below ``timeout`` when None."""
    https: bool = False
    """Whether to ask as a load balancer does for a visitor who came by HTTPS."""
    in_a_row: int = 5
    window: float = 60.0
    """Seconds within which so many good answers in a row must come."""
    broken_after: float = 5.0
    """Seconds of nothing but the application's own errors, after which waiting on is of no use."""
    interval: float = 0.5
    timeout: float = 5.0
    place: str = ""
    """Base address as people know it; that of ``url`` when empty."""

    @property
    def shown(self) -> str:
        """Address for people."""
        return f"{self.place}{urlsplit(self.url).path}" if self.place else self.url


@dataclass(frozen=True)
class Reply:
    """One answer: ``fault`` is None when it is good. ``seconds`` is the time to the last byte."""

    seconds: float
    status: int | None
    release: str | None = None
    fault: str | None = None
    cause: str = ""
    """Usual cause of the fault and its remedy, where there is one."""


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
        bad = [reply for reply in self.replies if reply.fault]
        if self.healthy:
            told = f"{len(good)} of {len(self.replies)} answers good" if bad else f"{len(good)} good answers"
            return f"{self.url}: {told}, {self.latencies}."
        last = bad[-1] if bad else Reply(0, None, fault="no answer")
        cause = f" {last.cause}." if last.cause else ""
        return f"{last.fault} at {self.url}: {len(bad)} of {len(self.replies)} answers bad.{cause}"

    @property
    def latencies(self) -> str:
        """Median, 95th percentile and longest time of the good answers, for people."""
        p50, p95, longest = (self.percentile(share) * 1000 for share in (0.5, 0.95, 1.0))
        return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, max {longest:.0f} ms"

    def percentile(self, share: float) -> float:
        """Return the latency in seconds below which ``share`` (0 to 1) of the good answers lie."""
        good = sorted(reply.seconds for reply in self.replies if reply.fault is None)
        return good[min(int(len(good) * share), len(good) - 1)] if good else float("nan")
