"""A client of the application that never stops asking."""

import threading
import time
from dataclasses import dataclass

import httpx

_INTERVAL = 0.05
_PATIENCE = 150.0
"""Seconds that an answer is waited for: a busy machine's slowness is not the release's.

More than twice the load balancer's idle timeout of 60 s: the emulator kills a container when its time to stop
is over, and a request that the task had taken is offered to the next task only when that timeout is over.
"""
_OVERDUE = 180.0
"""Seconds after which a visit that is waited for will not come any more."""


@dataclass(frozen=True)
class Visit:
    """One answer, or the lack of one."""

    status: int
    """HTTP status; 0 where no answer came."""
    release: str
    """Release that answered, "" where none did."""
    text: str
    began: float = 0.0
    """By the monotonic clock."""

    @property
    def good(self) -> bool:
        """Whether the visitor got what it wanted."""
        return self.status == 200


class Visitor:
    """Asks the health path through the load balancer every 50 ms, on a thread of its own."""

    def __init__(self, url: str, host: str) -> None:
        self.visits: list[Visit] = []
        self._client = httpx.Client(headers={"Host": host}, timeout=_PATIENCE, trust_env=False)
        self._url = url
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the last answer."""
        self._end.set()
        self._thread.join()
        self._client.close()

    @property
    def bad(self) -> list[Visit]:
        """Every visit that went wrong."""
        return [visit for visit in self.visits if not visit.good]

    @property
    def releases(self) -> list[str]:
        """The releases that answered well, each once, in the order of their first answer."""
        return list(dict.fromkeys(visit.release for visit in self.visits if visit.good))

    def wait_for_another(self) -> None:
        """Wait until one more visit, which began after this call, has its answer."""
        known, deadline = len(self.visits) + 1, time.monotonic() + _OVERDUE
        while len(self.visits) <= known:
            assert time.monotonic() < deadline, self.visits[-1:]
            time.sleep(_INTERVAL)

    def _go_on(self) -> None:
        while not self._end.is_set():
            began = time.monotonic()
            self.visits.append(self._visit(began))
            self._end.wait(max(0.0, began + _INTERVAL - time.monotonic()))

    def _visit(self, began: float) -> Visit:
        try:
            answer = self._client.get(self._url)
        except httpx.HTTPError as error:
            return Visit(0, "", f"{type(error).__name__}: {error}", began)
        return Visit(answer.status_code, answer.headers.get("X-Release", ""), answer.text, began)
