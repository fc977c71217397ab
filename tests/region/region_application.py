"""Releases of the application: what each does when it runs."""

from dataclasses import dataclass, field, replace
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx

FIRST = ("pay.0001_initial", "pay.0002_more")


@dataclass(frozen=True)
class Behaviour:
    """What a release does; a good one as it stands."""

    pullable: bool = True
    start_seconds: float = 4.0
    """Until its port answers."""
    crashes_after: float | None = None
    """Seconds after which its container exits by itself."""
    exit_code: int = 1
    healthy: bool = True
    """Whether its health checks pass."""
    unhealthy_after: float | None = None
    status: int = 200
    """What its pages answer."""
    lines: tuple[str, ...] = ("Starting",)
    migrations: tuple[str, ...] = FIRST
    """All that it knows, in their order."""
    irreversible: frozenset[str] = frozenset()
    migrate_fails_at: int | None = None
    """Its migrate fails once so many of the pending ones were applied."""
    migrate_seconds: float = 20.0
    findings: tuple[str, ...] = ()
    """Severities of what the registry's scan finds."""
    index: bool = False
    """Whether its tag names an image index."""

    @property
    def good(self) -> bool:
        """Whether it serves as long as it runs."""
        runs = self.pullable and self.crashes_after is None and self.healthy and self.unhealthy_after is None
        return runs and self.status == 200


GOOD = Behaviour()
KINDS: dict[str, tuple[int, Behaviour]] = {
    "good": (10, GOOD),
    "slow": (2, replace(GOOD, start_seconds=40)),
    "crashes at start": (2, replace(GOOD, crashes_after=2)),
    "crashes after a while": (2, replace(GOOD, crashes_after=45)),
    "unhealthy after a minute": (2, replace(GOOD, unhealthy_after=60)),
    "never healthy": (1, replace(GOOD, healthy=False)),
    "answers 500": (2, replace(GOOD, status=500)),
    "wrong image": (1, replace(GOOD, pullable=False)),
    "critical finding": (1, replace(GOOD, findings=("CRITICAL",))),
}
"""What may become of a release, with how often it does."""


@dataclass
class Application:
    """All releases, by the digest of their image."""

    releases: dict[str, tuple[str, Behaviour]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Digests that the registry has no more."""

    def behaviour(self, image: str) -> Behaviour:
        """Return what an image does; one that the registry does not have cannot be pulled."""
        digest = image.partition("@")[2]
        _, found = self.releases.get(digest, ("", Behaviour(pullable=False)))
        return Behaviour(pullable=False) if digest in self.gone else found

    def well(self, task: Any) -> bool:
        """Whether a task answers well on the health path."""
        return self.releases[task.image.partition("@")[2]][1].status == HTTPStatus.OK

    def answer(self, task: Any) -> httpx.Response:
        """Answer on the health path, as the task's release does."""
        name, behaviour = self.releases[task.image.partition("@")[2]]
        return _answer(behaviour.status, name)


@cache
def _answer(status: int, name: str) -> httpx.Response:
    return httpx.Response(status, json={"release": name})
