"""A way to Prefect on which, from a moment on, nobody hears of the runs that are made."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from support.fault_proxy import Damage, Fault, Request, faulty


class DarkPrefect:
    """Once told so, loses the answer to the next request for a run, which is made, and holds what follows."""

    def __init__(self) -> None:
        self._dark, self._chosen, self._lost, self._over = Event(), Event(), Event(), Event()

    @contextmanager
    def before(self, port: int) -> Iterator[str]:
        """Serve Prefect's API; what is held fails at the end of the block."""
        with faulty(port, self._decide, self._told) as url:
            try:
                yield f"{url}/api"
            finally:
                self._over.set()

    def begin(self) -> None:
        """From now on."""
        self._dark.set()

    def wait(self) -> None:
        """Return when a run was made of which nobody heard."""
        assert self._lost.wait(60), "no run was asked for"

    def _decide(self, request: Request) -> Fault | None:
        if not (self._dark.is_set() and _makes(request)):
            return None
        if not self._chosen.is_set():
            self._chosen.set()
            return Fault(damage=Damage.LOST)
        self._over.wait()
        return Fault(status=503)

    def _told(self, request: Request, _began: float, _ended: float) -> None:
        if self._chosen.is_set() and _makes(request):
            self._lost.set()


def _makes(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/create_flow_run")
