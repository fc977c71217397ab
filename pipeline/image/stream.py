"""Understands what Docker's classic builder streams while it builds. No I/O."""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.documents import part
from pipeline.image.errors import BuildError
from pipeline.image.request import BuildEvent

_STEP = re.compile(r"^Step (\d+)/(\d+) : (.*)$")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TAIL = 20


class BuildLog:
    """Turns the stream into events and remembers what an error message needs.

    Lines may be split over several messages of the stream.
    """

    def __init__(self, image: str) -> None:
        self._image = image
        self._rest = ""
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self.instruction = ""
        self.step = 0
        self.steps = 0
        self.cached = 0
        self.image_id = ""

    def read(self, message: Mapping[str, Any]) -> Iterator[BuildEvent]:
        """Yield what one message of the stream says.

        Raises:
            BuildError: the message is the builder's error.
        """
        if "error" in message or "errorDetail" in message:
            raise self.failure(_reason(message))
        identifier = part(message, "aux").get("ID")
        if identifier:
            self.image_id = str(identifier)
        if message.get("status") and not message.get("progressDetail"):
            yield BuildEvent("output", str(message["status"]), self.step, self.steps)
        yield from self._lines(_COLOUR.sub("", str(message.get("stream", ""))))

    def failure(self, reason: str) -> BuildError:
        """Build the error of a build that ends here."""
        step = f"step {self.step}/{self.steps} ({self.instruction})" if self.step else ""
        return BuildError(self._image, reason, step, tuple(self._tail))

    def _lines(self, text: str) -> Iterator[BuildEvent]:
        *lines, self._rest = (self._rest + text).replace("\r\n", "\n").split("\n")
        for line in lines:
            # A progress bar redraws its line: only the last drawing counts.
            shown = line.rpartition("\r")[2].rstrip()
            if shown:
                yield self._event(shown)

    def _event(self, line: str) -> BuildEvent:
        found = _STEP.match(line)
        if found:
            self.step, self.steps, self.instruction = int(found[1]), int(found[2]), found[3]
            self._tail.clear()
            return BuildEvent("step", self.instruction, self.step, self.steps)
        if line.strip() == "---> Using cache":
            self.cached += 1
            return BuildEvent("cached", self.instruction, self.step, self.steps)
        if not line.startswith(" ---> "):
            self._tail.append(line)
        return BuildEvent("output", line, self.step, self.steps)


def _reason(message: Mapping[str, Any]) -> str:
    return str(part(message, "errorDetail").get("message") or message.get("error") or "no reason given")
