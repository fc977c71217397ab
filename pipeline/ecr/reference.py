"""Takes an image reference apart. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """HOST/PATH:TAG@DIGEST; a part that is not there is ""."""

    host: str
    path: str
    tag: str
    digest: str


def parse_reference(text: str) -> Reference:
    """Parse an image reference as Docker reads it: a first part with a dot or port is the host.

    A reference without tag and digest means the tag ``latest``.
    """
    name, _, digest = text.partition("@")
    first, slash, rest = name.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    host, remainder = (first, rest) if is_host else ("", name)
    path, _, tag = remainder.partition(":")
    return Reference(host, path, tag or ("" if digest else "latest"), digest)
