"""A server that does what it is asked to, and of which nobody hears."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from support.fault_proxy import Damage, Fault, Request, faulty


class Unheard:
    """Once told so, loses the answer to the next of the chosen requests, and holds those that follow it."""

    def __init__(self, chosen: Callable[[Request], bool]) -> None:
        self._chosen = chosen
        self._begun, self._taken, self._lost, self._over = Event(), Event(), Event(), Event()

    @contextmanager
    def before(self, port: int) -> Iterator[str]:
        """Serve what listens on the port; requests that are held fail at the end of the block."""
        with faulty(port, self._decide, self._told) as url:
            try:
                yield url
            finally:
                self._over.set()

    def begin(self) -> None:
        """From now on."""
        self._begun.set()

    def wait(self) -> None:
        """Return when something was done of which nobody heard."""
        assert self._lost.wait(240), "nothing was asked for"

    def _decide(self, request: Request) -> Fault | None:
        if not (self._begun.is_set() and self._chosen(request)):
            return None
        if not self._taken.is_set():
            self._taken.set()
            return Fault(damage=Damage.LOST)
        self._over.wait()
        return Fault(status=503)

    def _told(self, request: Request, _began: float, _ended: float) -> None:
        if self._taken.is_set() and self._chosen(request):
            self._lost.set()
