"""Virtual time: processes that sleep in it, and what happens at a moment of it.

It takes the place of Python's own time for whoever runs as one of its processes; everybody else keeps the
real one. It must be loaded before the pipeline is, whose functions have ``time.sleep`` among their
defaults.
"""

import heapq
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from greenlet import getcurrent, greenlet

_START = datetime(2026, 3, 2, 8, tzinfo=UTC)
_real_sleep, _real_monotonic, _real_time = time.sleep, time.monotonic, time.time


class Killed(BaseException):
    """The end of a process that was killed: raised wherever it would go on."""


@dataclass(slots=True)
class Event:
    """What happens at a moment."""

    do: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        """Let it not happen."""
        self.cancelled = True


class Process:
    """A function that runs in virtual time; it may have threads, which die with it."""

    def __init__(self, clock: "Clock", work: Callable[[], object], parent: "Process | None" = None) -> None:
        self.clock, self.parent = clock, parent
        self.killed = self.ended = False
        self.result: object = None
        self.error: BaseException | None = None
        self._greenlet = greenlet(lambda: self._run(work), parent=clock.hub)

    @property
    def main(self) -> "Process":
        """The process that a thread belongs to, else itself."""
        return self.parent.main if self.parent else self

    def kill(self) -> None:
        """End it where it is: nothing of it has an effect any more."""
        self.main.killed = True

    def wake(self) -> None:
        """Go on with it, until it sleeps or ends."""
        if self.ended:
            return
        if self.main.killed:
            self._greenlet.throw(Killed())
        else:
            self._greenlet.switch()

    def _run(self, work: Callable[[], object]) -> None:
        _processes[getcurrent()] = self
        try:
            self.result = work()
        except BaseException as error:  # noqa: BLE001 - whoever started it looks
            self.error = error
        finally:
            self.ended = True
            del _processes[getcurrent()]

    def sleep(self, seconds: float) -> None:
        """Let other things happen meanwhile."""
        self.require_alive()
        self.clock.at(seconds, self.wake)
        self.pause()

    def pause(self) -> None:
        """Let other things happen until it is woken."""
        self.clock.hub.switch()
        self.require_alive()

    def require_alive(self) -> None:
        """Raise ``Killed`` where it is dead."""
        if self.main.killed:
            raise Killed


_processes: dict[greenlet, Process] = {}


def current() -> Process | None:
    """Return the process that runs now; None outside of virtual time."""
    return _processes.get(getcurrent())


class Clock:
    """Virtual time from one start; equal seeds give equal histories."""

    def __init__(self, seed: int = 0) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.seconds = 0.0
        self.hub = getcurrent()
        self._queue: list[tuple[float, int, Event]] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        """Return the moment."""
        return _START + timedelta(seconds=self.seconds)

    def at(self, seconds: float, do: Callable[[], object]) -> Event:
        """Let something happen in so many seconds."""
        event = Event(do)
        heapq.heappush(self._queue, (self.seconds + max(seconds, 0.0), next(self._numbers), event))
        return event

    def start(self, work: Callable[[], object], parent: Process | None = None) -> Process:
        """Start a process at this moment."""
        made = Process(self, work, parent)
        self.at(0, made.wake)
        return made

    def run(self, seconds: float | None = None, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass: so many seconds, until something is so, or until nothing is left to happen."""
        end = float("inf") if seconds is None else self.seconds + seconds
        while self._queue and self._queue[0][0] <= end and not until():
            at, _, event = heapq.heappop(self._queue)
            if not event.cancelled:
                self.seconds = at
                event.do()
        if seconds is not None and not until():
            self.seconds = end


def _sleep(seconds: float) -> None:
    process = current()
    if process is None:
        _real_sleep(seconds)
    else:
        process.sleep(seconds)


def _monotonic() -> float:
    process = current()
    return _real_monotonic() if process is None else process.clock.seconds


def _time() -> float:
    process = current()
    return _real_time() if process is None else process.clock.now().timestamp()


class _Datetime(datetime):
    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        process = current()
        return datetime.now(tz) if process is None else process.clock.now()  # type: ignore[arg-type]


def install() -> None:
    """Put virtual time in the place of Python's."""
    time.sleep, time.monotonic, time.time = _sleep, _monotonic, _time
    from pipeline import clock

    clock.datetime = _Datetime  # type: ignore[misc]


install()
