"""The names of a repository: a URL, which may carry credentials, or a folder."""

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

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
    commit: str = ""
    """Subject and author of the commit, for people."""

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


_SCP_LIKE = re.compile(r"^[\w.-]+@[\w.-]+:(?!//)")
_SCHEMES = {"https", "http", "ssh", "git", "file"}


@dataclass(frozen=True)
class Location:
    """A git URL and what opens it, kept apart so that the URL can be shown."""

    url: str
    username: str = ""
    token: str = field(default="", repr=False)

    @property
    def header(self) -> str:
        """HTTP header that opens the repository; "" without a token."""
        pair = f"{self.username or 'x-access-token'}:{self.token}"
        return f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}" if self.token else ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must not be shown."""
        return tuple(filter(None, (self.token, self.header.rpartition(" ")[2])))


def is_url(repository: str) -> bool:
    """Tell a git URL (``https://…``, ``ssh://…``, ``git@host:…``) from a folder."""
    return "://" in repository or bool(_SCP_LIKE.match(repository))


def parse_location(repository: str, token: str = "") -> Location:
    """Split the credentials off a git URL; ``token`` beats those in the URL.

    Raises:
        SourceError: the URL is malformed, or its scheme is not one that git fetches from.
    """
    parts = _split(repository)
    if parts.scheme not in _SCHEMES:
        raise SourceError(
            f"A repository cannot be fetched over {parts.scheme!r}. "
            "Give its https or ssh address as the source."
        )
    if parts.scheme in {"ssh", "file"}:
        return Location(repository)
    host = parts.netloc.rpartition("@")[2]
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if username and not password:
        username, password = "", username  # https://TOKEN@host/… is how tokens are mostly pasted
    url = urlunsplit(parts._replace(netloc=host))
    return Location(url, "" if token else username, token or password)


def repository_id(repository: str) -> str | None:
    """Return ``host/path`` of a git URL in lower case, the same for each of its spellings; None for a folder.

    A URL that is malformed, or names no path, has none either.
    """
    if not is_url(repository):
        return None
    try:
        parts = _split(repository)
    except SourceError:
        return None
    path = parts.path.strip("/").lower().removesuffix(".git")
    return f"{parts.hostname or ''}/{path}" if path else None


def _split(repository: str) -> SplitResult:
    """Return a git URL's parts; ``git@host:path`` counts as ssh. The error leaves out the credentials."""
    if _SCP_LIKE.match(repository):
        host, _, path = repository.partition(":")
        return SplitResult("ssh", host, path, "", "")
    try:
        return urlsplit(repository)
    except ValueError:
        raise SourceError(
            "The repository's URL is malformed. Give its https or ssh address as the source."
        ) from None
