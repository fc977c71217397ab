"""From repository and branch to environments."""

import re
from collections.abc import Iterable

from pipeline.environment import Environment

_LOCATION = re.compile(r"^(?:[a-z+]+://)?(?:[^@/]+@)?([^/:]+)(?::\d+(?=/))?[:/](.+?)(?:\.git)?/?$")


def location(url: str) -> str | None:
    """Return ``host/path`` of a git URL in lower case, however it is spelt; None for a folder."""
    if "://" not in url and "@" not in url:
        return None
    found = _LOCATION.match(url.lower())
    return f"{found[1]}/{found[2].strip('/')}" if found else None


def of_repository(url: str, known: Iterable[Environment]) -> list[Environment]:
    """Return the environments whose source is this repository."""
    wanted = location(url)
    return [item for item in known if wanted is not None and location(item.source.repository) == wanted]


def of_branch(branch: str, known: Iterable[Environment]) -> list[Environment]:
    """Return the environments that deploy this branch."""
    return [item for item in known if item.branch == branch]
