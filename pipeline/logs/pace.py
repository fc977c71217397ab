"""Keeps calls below a rate."""

import time
from collections.abc import Callable

from pipeline.clock import Sleep


class Pacer:
    """Lets at most ``per_second`` calls a second begin, evenly spread. Not to be shared between threads."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._gap = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._next = float("-inf")

    def wait(self) -> None:
        """Return when the next call may begin."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._gap
