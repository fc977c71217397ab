"""From repository and branch to environments."""

from collections.abc import Iterable

from pipeline.environment.model import Environment
from pipeline.source.location import repository_id


def of_repository(url: str, known: Iterable[Environment]) -> list[Environment]:
    """Return the environments whose source is this repository."""
    wanted = repository_id(url)
    return [item for item in known if wanted is not None and repository_id(item.source.repository) == wanted]


def of_branch(branch: str, known: Iterable[Environment]) -> list[Environment]:
    """Return the environments that deploy this branch."""
    return [item for item in known if item.branch == branch]
