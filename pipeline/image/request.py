"""Requests, results and errors of a build."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from pipeline.errors import PipelineError
from pipeline.log_cause import advise, find_cause, find_error, quote
from pipeline.source.location import ResolvedSource


class ImageError(PipelineError):
    """An image cannot be built, pushed, found or judged."""


_EXITED = "returned a non-zero code"
"""Docker's word for a command that failed: why, the command itself wrote."""


class BuildError(ImageError):
    """A build failed; ``step`` is the failing instruction ("" before the first), ``tail`` its last lines."""

    def __init__(self, image: str, reason: str, step: str = "", tail: Sequence[str] = ()) -> None:
        self.step = step
        self.tail = tuple(tail)
        where = f" at {step}" if step else ""
        cause = find_cause(self.tail) if _EXITED in reason else find_error(self.tail)
        lines = f"\n{quote(self.tail)}" if tail else ""
        super().__init__(
            f"{cause or reason}{f'{chr(10)}{advice}' if (advice := advise(cause)) else ''}"
            f"\nBuilding {image} failed{where}{f': {reason}' if cause else ''}.{lines}"
        )


class PushError(ImageError):
    """A push failed for good."""


class PushInterruptedError(PushError):
    """A push failed in a way that the next attempt may not: network, server or an expired login."""


class TagExistsError(PushError):
    """The registry has the tag, which it keeps: an earlier attempt or another run has pushed it."""


class RegistryError(ImageError):
    """The registry cannot be asked, or doesn't hold what it should."""


_PREFIX = "org.opencontainers.image."


def image_labels(source: ResolvedSource, created: datetime) -> dict[str, str]:
    """Build the labels of the OCI image specification (annotations.md); ``created`` carries its time zone."""
    values = {
        "revision": source.revision or source.content,
        "source": source.repository,
        "version": source.release,
        "created": created.isoformat(timespec="seconds"),
        "ref.name": source.ref or "",
    }
    return {f"{_PREFIX}{name}": value for name, value in values.items() if value}


@dataclass(frozen=True)
class BuildRequest:
    """Everything that decides an image. Build arguments are visible in its history: no secrets."""

    context: Path
    image: str
    """Reference that the image gets, ``REGISTRY/NAME:TAG``."""
    dockerfile: str = "Dockerfile"
    """Path inside the context."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    """Stage to build; the last one when absent."""
    platform: str | None = None
    """``OS/ARCHITECTURE``; the engine's own when absent."""
    limit: float = 1800
    """Seconds after which the build is given up."""


@dataclass(frozen=True)
class BuildEvent:
    """Something a person watching a build wants to see."""

    kind: Literal["step", "cached", "output"]
    text: str
    step: int = 0
    """Number of the instruction, from 1; 0 where the builder doesn't say."""
    steps: int = 0
    """How many instructions there are."""


@dataclass(frozen=True)
class BuiltImage:
    """An image on this machine."""

    image: str
    image_id: str
    steps: int
    cached: int
    """How many of the steps came from the cache."""
    seconds: float


BuildReport = Callable[[BuildEvent], None]


def ignore(event: object) -> None:
    """Report nothing."""


_SIGNS = {
    "# syntax=": re.compile(r"^\s*#\s*syntax\s*=", re.IGNORECASE),
    "RUN --mount": re.compile(r"^\s*RUN\s+(--\S+\s+)*--(mount|security|network)\b", re.IGNORECASE),
    "COPY --link": re.compile(
        r"^\s*(COPY|ADD)\s+(--\S+\s+)*--(link|checksum|parents|exclude)\b", re.IGNORECASE
    ),
    "COPY --chmod": re.compile(r"^\s*(COPY|ADD)\s+(--\S+\s+)*--chmod\b", re.IGNORECASE),
    "a heredoc": re.compile(r"^\s*(RUN|COPY|ADD)\b.*<<-?['\"]?[A-Za-z_]\w*['\"]?(\s|$)", re.IGNORECASE),
}
"""Instructions that only BuildKit knows (Dockerfile reference)."""
_COMMENT = re.compile(r"^\s*#")


def read_dockerfile(context: Path, name: str) -> str:
    """Return the Dockerfile's text.

    Raises:
        ImageError: there is none, or it lies outside the context.
    """
    path = (context / name).resolve()
    if not path.is_relative_to(context.resolve()):
        raise ImageError(f"The Dockerfile {name} lies outside the build context {context}. Move it inside.")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ImageError(
            f"There is no Dockerfile {name} in {context} ({error.strerror}). "
            "Add it, or correct context and dockerfile in the environment's source."
        ) from error


def buildkit_sign(text: str) -> str | None:
    """Name the first thing in a Dockerfile that only BuildKit can build; None when any builder can."""
    for number, line in enumerate(text.splitlines()):
        for sign, pattern in _SIGNS.items():
            is_directive = sign == "# syntax="
            if pattern.search(line) and (number == 0 if is_directive else not _COMMENT.match(line)):
                return sign
    return None
