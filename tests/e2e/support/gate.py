"""Stops the requests of a flow at a chosen one, so that its process can be killed exactly there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from support.fault_proxy import Fault, Request

Chosen = Callable[[Request], bool]


def _never(_: Request) -> bool:
    return False


@dataclass(frozen=True)
class Closed:
    """A gate that lets nothing through from a request on, or nothing that follows a request's answer."""

    before: Chosen = _never
    after: Chosen = _never
    passed: Event = field(default_factory=Event)
    reached: Event = field(default_factory=Event)
    opened: Event = field(default_factory=Event)

    def wait(self, seconds: float = 120) -> None:
        """Return when a request stands before the gate."""
        assert self.reached.wait(seconds), "no request came to the gate"


class Gate:
    """What a fault proxy asks (``decide``) and tells (``told``); open at first."""

    def __init__(self) -> None:
        self._closed: Closed | None = None

    @contextmanager
    def closed(self, *, before: Chosen = _never, after: Chosen = _never) -> Iterator[Closed]:
        """Be closed until the end of the block; what stood before it fails then."""
        closed = self._closed = Closed(before, after)
        try:
            yield closed
        finally:
            self._closed = None
            closed.opened.set()

    def decide(self, request: Request) -> Fault | None:
        """Let a request through, or hold it."""
        closed = self._closed
        if closed is None or not (closed.passed.is_set() or closed.before(request)):
            return None
        closed.passed.set()
        closed.reached.set()
        closed.opened.wait()
        return Fault(status=503)

    def told(self, request: Request, _began: float, _ended: float) -> None:
        """Take note of a request that was answered."""
        if self._closed is not None and self._closed.after(request):
            self._closed.passed.set()
