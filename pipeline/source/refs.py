"""Finds the commit that a branch, tag or SHA names in a remote repository."""

import re

from pipeline.source.model import SourceError

_SHA = re.compile(r"^[0-9a-f]{40}$")
_ABBREVIATED = re.compile(r"^[0-9a-f]{7,39}$")
_REFUSED = re.compile(r"^-|\.\.|[\s~^:?*\[\\\x00-\x1f\x7f]|^$")
"""From git-check-ref-format(1); a leading dash would be read as an option."""


def check_ref(ref: str) -> None:
    """Refuse what cannot be a ref.

    Raises:
        SourceError: naming the ref.
    """
    if _REFUSED.search(ref):
        raise SourceError(f"{ref!r} is no name of a branch, tag or commit. Correct the ref and run again.")


def is_sha(ref: str) -> bool:
    """Whether the ref is a whole commit SHA."""
    return bool(_SHA.match(ref))


def is_abbreviated(ref: str) -> bool:
    """Whether the ref may be the beginning of a commit SHA."""
    return bool(_ABBREVIATED.match(ref))


def candidates(ref: str) -> list[str]:
    """List the full names that a ref may have, as patterns for ``git ls-remote``."""
    return [ref] if ref.startswith("refs/") else [f"refs/heads/{ref}", f"refs/tags/{ref}"]


def choose(ref: str, listing: str, url: str) -> tuple[str, str] | None:
    """Pick (full name, commit SHA) from what ``git ls-remote`` printed; None when the ref isn't among it.

    Raises:
        SourceError: a branch and a tag of this name hold different commits.
    """
    lines = [line.split("\t") for line in listing.splitlines() if "\t" in line]
    names = {name: sha for sha, name in lines}
    found = {name: names.get(f"{name}^{{}}", names[name]) for name in candidates(ref) if name in names}
    if len(set(found.values())) > 1:
        raise SourceError(
            f"{url} has both a branch and a tag {ref!r}, with different commits. "
            f"Say which one: {' or '.join(sorted(found))}."
        )
    return next(iter(found.items()), None)
