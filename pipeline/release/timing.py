"""Measures how long the steps of a deployment take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


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
