"""Checks commits of remote repositories out into a cache of plain trees.

A tree is made under another name and renamed when it is whole: a run that is killed leaves nothing that
the next one would take for a checkout.
"""

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from pipeline.source.git import candidates, check_ref, choose, git, is_abbreviated, is_sha
from pipeline.source.location import Location, SourceError, SourceUnreachableError

KEPT = 5
"""Trees of a repository that stay in the cache."""
_ABANDONED = 3600
"""Seconds after which an unfinished checkout belongs to a run that died."""
_PARTIAL = ".partial-"


def checkout(location: Location, ref: str, cache: Path) -> tuple[Path, str]:
    """Return the tree (without .git, submodules included) and the SHA of the commit that ``ref`` names.

    Raises:
        SourceUnreachableError: the repository did not answer.
        SourceError: no such ref or repository, or no permission.
    """
    check_ref(ref)
    trees = cache / hashlib.sha256(location.url.encode()).hexdigest()[:16]
    trees.mkdir(parents=True, exist_ok=True)
    name, sha = _find(location, ref, trees)
    if not (trees / sha).is_dir():
        sha = _fetch(location, ref, name, trees)
    os.utime(trees / sha)
    _prune(trees)
    return trees / sha, sha


def _find(location: Location, ref: str, folder: Path) -> tuple[str, str]:
    """Return what to fetch and the commit it holds ("" while only a fetch can tell)."""
    if is_sha(ref):
        return ref, ref
    listing = git(
        ["ls-remote", "--", location.url, *_with_peeled(candidates(ref))], folder=folder, location=location
    )
    found = choose(ref, listing, location.url)
    if found:
        return found
    if is_abbreviated(ref):
        return ref, "unknown"
    raise SourceError(
        f"{location.url} has no branch or tag {ref!r}. "
        "Push it, or give another ref (branch, tag or commit SHA)."
    )


def _with_peeled(names: list[str]) -> list[str]:
    return [*names, *(f"{name}^{{}}" for name in names)]


def _fetch(location: Location, ref: str, name: str, trees: Path) -> str:
    """Fetch into a new tree and return its commit, which may be newer than the one listed before."""
    partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=trees))
    try:
        tree, separate = partial / "tree", partial / "git"
        git(["init", "--quiet", f"--separate-git-dir={separate}", str(tree)], folder=partial)
        _fetch_commit(location, ref, name, tree)
        sha = git(["rev-parse", "--verify", "HEAD"], folder=tree).strip()
        submodules = ["submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"]
        git(submodules, folder=tree, location=location)
        _publish(tree, trees / sha)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return sha


def _fetch_commit(location: Location, ref: str, name: str, tree: Path) -> None:
    # A relative submodule address is read against the remote named origin.
    git(["remote", "add", "origin", location.url], folder=tree)
    shallow = not is_abbreviated(name) and _fetch_shallow(location, name, tree)
    if not shallow:
        git(["fetch", "--quiet", "--tags", "origin"], folder=tree, location=location)
    try:
        git(["checkout", "--quiet", "--detach", "FETCH_HEAD" if shallow else name, "--"], folder=tree)
    except SourceError as error:
        raise SourceError(
            f"{location.url} has no commit {ref} ({error}). Push it, or give another ref."
        ) from error


def _fetch_shallow(location: Location, name: str, tree: Path) -> bool:
    """Fetch one commit; False where the server hands none out by its SHA (allowReachableSHA1InWant)."""
    try:
        git(["fetch", "--quiet", "--depth=1", "--no-tags", "origin", name], folder=tree, location=location)
    except SourceError as error:
        if isinstance(error, SourceUnreachableError) or not is_sha(name):
            raise
        return False
    return True


def _publish(tree: Path, final: Path) -> None:
    for link in [*tree.rglob(".git")]:
        link.unlink() if link.is_file() else shutil.rmtree(link)
    try:
        tree.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        # Another run made the same tree in the meantime.


def _prune(trees: Path) -> None:
    """Remove the trees longest unused, and what dead runs left."""
    entries = sorted((entry.stat().st_mtime, entry) for entry in trees.iterdir())
    partial = [entry for used, entry in entries if entry.name.startswith(_PARTIAL) and _abandoned(used)]
    whole = [entry for _, entry in entries if not entry.name.startswith(_PARTIAL)]
    for entry in [*partial, *whole[:-KEPT]]:
        shutil.rmtree(entry, ignore_errors=True)


def _abandoned(used: float) -> bool:
    return time.time() - used > _ABANDONED
