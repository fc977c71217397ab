"""Names of images."""

import re
from dataclasses import dataclass

from pipeline.image.errors import ImageError

_TAG = re.compile(r"^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$")


@dataclass(frozen=True)
class Repository:
    """An image repository: where it answers, and its name there."""

    registry: str
    """Host, with a port where needed."""
    name: str

    @property
    def address(self) -> str:
        """What images of it are called, without tag or digest."""
        return f"{self.registry}/{self.name}"

    def tagged(self, tag: str) -> str:
        """Return the reference of a tag.

        Raises:
            ImageError: no registry accepts such a tag.
        """
        if not _TAG.match(tag):
            raise ImageError(f"{tag!r} is no image tag: letters, digits and ._- only, 128 at most.")
        return f"{self.address}:{tag}"

    def pinned(self, digest: str) -> str:
        """Return the reference that no later push can move."""
        return f"{self.address}@{digest}"


def repository_at(repository_url: str, registry: str | None = None) -> Repository:
    """Read ECR's ``HOST/NAME``; ``registry`` is a host to use instead of ECR's own (an emulator's)."""
    host, _, name = repository_url.partition("/")
    return Repository(registry or host, name)
