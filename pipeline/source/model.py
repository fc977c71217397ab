"""A source, pinned: what is built and what the release is called."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError


class SourceError(PipelineError):
    """The source cannot be resolved: no such repository, ref, folder or permission."""


class SourceUnreachableError(SourceError):
    """The repository did not answer; the same call may succeed later."""

    transient = True


_SHORT = 12


@dataclass(frozen=True)
class ResolvedSource:
    """A build context on this machine and the exact version that it holds."""

    path: Path
    """Build context, absolute."""
    repository: str
    """Git URL without credentials, or the folder."""
    ref: str | None
    """Branch, tag or commit as asked for; None for a folder as it lies there."""
    revision: str
    """Commit SHA (40 hexadecimal digits), or "" outside git."""
    content: str = ""
    """Digest of the build context (64 hexadecimal digits), where no commit describes it."""
    recipe: str = ""
    """Digest of how it is built, where that is not by all the defaults."""

    @property
    def dirty(self) -> bool:
        """Whether the context holds more or other files than its commit."""
        return bool(self.revision and self.content)

    @property
    def release(self) -> str:
        """Name of the release and tag of its image; fits ECR's rule ``[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}``.

        ``SHA`` for a commit, ``SHA-dirty-CONTENT`` with changes on top, ``content-CONTENT`` outside git; each
        followed by ``-RECIPE`` where there is one: other build arguments make another image.
        """
        name = self.revision[:_SHORT] or "content"
        if self.content:
            name += f"{'-dirty' if self.dirty else ''}-{self.content[:_SHORT]}"
        return f"{name}-{self.recipe}" if self.recipe else name
