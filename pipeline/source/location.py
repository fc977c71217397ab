"""The names of a repository: a URL, which may carry credentials, or a folder."""

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from pipeline.source.model import SourceError

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
