"""Requests at an even pace while something else goes on, and how many of them were lost."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType

from pipeline.health.model import Probe, ProbeReport
from pipeline.health.probe import probe

_PACE = 0.5
"""Seconds between two requests."""


class Poll:
    """A visitor who asks the health path again and again in a thread, until the ``with`` block ends."""

    def __init__(
        self, asked: Probe, ask: Callable[[Probe], ProbeReport] = probe, pace: float = _PACE
    ) -> None:
        self._asked = replace(asked, release=None, in_a_row=1, window=0)
        self._ask, self._pace = ask, pace
        self._over = threading.Event()
        self._answers: list[tuple[float, bool]] = []
        self._thread = threading.Thread(target=self._go, name="visitor", daemon=True)

    def __enter__(self) -> "Poll":
        """Begin to ask."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join(timeout=self._asked.timeout + self._pace)

    def _go(self) -> None:
        while not self._over.is_set():
            good = self._ask(self._asked).healthy
            self._answers.append((time.monotonic(), good))
            self._over.wait(self._pace)

    @property
    def message(self) -> str:
        """Sentence on what became of the requests; "" where nothing answered when it began."""
        return tell_lost(list(self._answers))


def tell_lost(answers: list[tuple[float, bool]]) -> str:
    """Return how many requests were lost, and for how long at most.

    ``answers`` has for each the second in which it came, and whether it was good. Where the first one was
    lost, nothing was served, so nothing could be lost: "".
    """
    if not answers or not answers[0][1]:
        return ""
    lost = sum(not good for _, good in answers)
    asked = f"Of {len(answers)} request{'' if len(answers) == 1 else 's'} while it rolled out"
    if not lost:
        return f"{asked} none was lost."
    longest, last_good, down = 0.0, answers[0][0], False
    for at, good in answers:
        down = down or not good
        longest = max(longest, at - last_good) if down else longest
        if good:
            last_good, down = at, False
    return f"{asked} {lost} {'was' if lost == 1 else 'were'} lost, for up to {longest:.1f} s."
