"""What can go wrong with an image."""

from collections.abc import Sequence

from pipeline.errors import PipelineError


class ImageError(PipelineError):
    """An image cannot be built, pushed, found or judged."""


class EngineError(ImageError):
    """The Docker engine is not there, or not fit for the job."""


class BuildError(ImageError):
    """A build failed; ``step`` is the failing instruction ("" before the first), ``tail`` its last lines."""

    def __init__(self, image: str, reason: str, step: str = "", tail: Sequence[str] = ()) -> None:
        self.step = step
        self.tail = tuple(tail)
        where = f" at {step}" if step else ""
        lines = "".join(f"\n  {line}" for line in tail)
        super().__init__(f"Building {image} failed{where}: {reason}{lines}")


class PushError(ImageError):
    """A push failed for good."""


class PushInterruptedError(PushError):
    """A push failed in a way that the next attempt may not: network, server or an expired login."""


class RegistryError(ImageError):
    """The registry cannot be asked, or doesn't hold what it should."""
