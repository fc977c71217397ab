"""What is to be built, and what came out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from pipeline.source.model import ResolvedSource

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
