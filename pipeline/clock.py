"""The clock of this machine, and pauses between two looks at something."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Stopwatch:
    """Adds up the seconds of each step; a step that raises counts too."""

    clock: Callable[[], float] = time.monotonic
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done meanwhile, to a tenth of a second."""
        began = self.clock()
        try:
            yield
        finally:
            spent = self.seconds.get(name, 0.0) + self.clock() - began
            self.seconds[name] = round(spent, 1)


Clock = Callable[[], datetime]
"""A source of aware times in UTC; tests have their own."""
Sleep = Callable[[float], None]
"""A pause of so many seconds; tests have their own."""


def utc_now() -> datetime:
    """Return the time of the machine's clock."""
    return datetime.now(UTC)


def interval(waited: float) -> float:
    """Return the seconds until the next look at what began ``waited`` seconds ago.

    Half a second at first: an emulator is done in two. At AWS's pace, where it takes minutes, two.
    """
    return min(max(0.5, waited / 5), 2.0)


def pause(seconds: float, sleep: Sleep = time.sleep) -> None:
    """Sleep up to a fifth more or less than ``seconds``, so that several watchers never ask in step."""
    sleep(seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not cryptography
