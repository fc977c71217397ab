"""Builds images: the classic way through Docker's SDK, through BuildKit where the Dockerfile needs it."""

import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import docker
from docker.errors import APIError, DockerException
from urllib3.exceptions import HTTPError

from pipeline.documents import get_mapping
from pipeline.image.buildkit import build_with_buildkit
from pipeline.image.request import (
    BuildError,
    BuildEvent,
    BuildReport,
    BuildRequest,
    BuiltImage,
    buildkit_sign,
    ignore,
    read_dockerfile,
)

_STEP = re.compile(r"^Step (\d+)/(\d+) : (.*)$")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TAIL = 200


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
        identifier = get_mapping(message, "aux").get("ID")
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
    return str(
        get_mapping(message, "errorDetail").get("message") or message.get("error") or "no reason given"
    )


def build_image(
    client: docker.DockerClient, request: BuildRequest, report: BuildReport = ignore
) -> BuiltImage:
    """Build an image and return it; ``report`` is called with every event while it goes.

    Raises:
        ImageError: there is no Dockerfile, or BuildKit is needed and not there.
        BuildError: a step failed, with its last lines; or the engine went away.
    """
    sign = buildkit_sign(read_dockerfile(request.context, request.dockerfile))
    if sign:
        return build_with_buildkit(request, sign, report)
    return _build_classic(client, request, report)


def _build_classic(client: docker.DockerClient, request: BuildRequest, report: BuildReport) -> BuiltImage:
    log, start = BuildLog(request.image), time.monotonic()
    try:
        for message in client.api.build(
            path=str(request.context),
            dockerfile=request.dockerfile,
            tag=request.image,
            buildargs=dict(request.arguments),
            labels=dict(request.labels),
            target=request.target or "",
            platform=request.platform,
            rm=True,
            forcerm=True,
            decode=True,
        ):
            for event in log.read(message):
                report(event)
            if time.monotonic() - start > request.limit:
                raise log.failure(f"not done after {request.limit:.0f} s, given up")
        if not log.image_id:
            raise BuildError(request.image, "the builder ended without an image. Look at the engine's log")
        image_id = str(client.images.get(request.image).id)
        return BuiltImage(request.image, image_id, log.steps, log.cached, time.monotonic() - start)
    except APIError as error:  # its text is the request's address, with every build argument
        raise log.failure(str(error.explanation or f"the engine answers {error}")) from error
    except (DockerException, HTTPError, OSError) as error:
        raise log.failure(f"{error}. Check that the Docker engine runs: docker info") from error
