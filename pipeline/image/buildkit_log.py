"""Understands BuildKit's plain progress. No I/O.

Lines look like ``#7 [build 2/5] RUN …`` (a step begins), ``#7 CACHED``, ``#7 1.25 output``, ``#7 DONE 1.3s``,
``#7 ERROR: …``; those of several steps interleave.
"""

import re
from collections import deque
from collections.abc import Iterator

from pipeline.image.errors import BuildError
from pipeline.image.request import BuildEvent

_LINE = re.compile(r"^#(\d+) (.*)$")
_STEP = re.compile(r"^\[(?:\S+ )?\s*(\d+)/(\d+)\] (.*)$")
_TIME = re.compile(r"^\d+\.\d+ ")
_DONE = re.compile(r"^DONE \d")
_TAIL = 20


class BuildkitLog:
    """Turns lines into events and remembers what an error message needs."""

    def __init__(self, image: str) -> None:
        self._image = image
        self._names: dict[str, BuildEvent] = {}
        self._failed = ""
        self._reason = ""
        self._tails: dict[str, deque[str]] = {}
        self._loose: deque[str] = deque(maxlen=_TAIL)
        self.cached = 0

    @property
    def steps(self) -> int:
        """How many instructions were seen."""
        return len(self._names)

    def read(self, line: str) -> Iterator[BuildEvent]:
        """Yield what one line says."""
        found = _LINE.match(line.rstrip())
        if found:
            yield from self._numbered(found[1], found[2])
        elif line.strip():
            self._loose.append(line.rstrip())

    def failure(self, reason: str) -> BuildError:
        """Build the error of a build that ends here."""
        step = self._names.get(self._failed)
        where = f"step {step.step}/{step.steps} ({step.text})" if step else ""
        tail = self._tails.get(self._failed) or self._loose
        return BuildError(self._image, self._reason or reason, where, tuple(tail))

    def _numbered(self, number: str, text: str) -> Iterator[BuildEvent]:
        step = _STEP.match(text)
        known = self._names.get(number)
        if step and known is None:
            event = BuildEvent("step", step[3], int(step[1]), int(step[2]))
            self._names[number] = event
            yield event
        elif text == "CACHED" and known:
            self.cached += 1
            yield BuildEvent("cached", known.text, known.step, known.steps)
        elif text.startswith("ERROR: "):
            self._failed, self._reason = number, text.removeprefix("ERROR: ")
        elif not step and not _DONE.match(text):
            yield self._output(number, _TIME.sub("", text), known)

    def _output(self, number: str, text: str, known: BuildEvent | None) -> BuildEvent:
        self._tails.setdefault(number, deque(maxlen=_TAIL)).append(text)
        return BuildEvent("output", text, known.step if known else 0, known.steps if known else 0)
