"""Runs git, and brings a repository's commit to a folder of its own on this machine.

A tree is made under another name and renamed when it is whole: a run that is killed leaves nothing that
the next one would take for a checkout.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.source.location import Location, SourceError, SourceUnreachableError

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


_UNREACHABLE = (
    "could not resolve host",
    "connection refused",
    "connection reset",
    "connection timed out",
    "operation timed out",
    "failed to connect",
    "early eof",
    "the remote end hung up",
    "rpc failed",
    "returned error: 5",
    "returned error: 429",
    "network is unreachable",
)


def git(
    arguments: Sequence[str], *, folder: Path, location: Location | None = None, timeout: float = 300
) -> str:
    """Return what ``git ARGUMENTS`` prints, run in ``folder``; ``timeout`` in seconds.

    Raises:
        SourceUnreachableError: the network or the server failed.
        SourceError: git refused; with git's own words.
    """
    environment = git_environment(os.environ, location)
    try:
        done = subprocess.run(  # noqa: S603 (a list built by our own code, no shell)
            ["git", *arguments],  # noqa: S607 (git is looked up in PATH like every other tool)
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=True,
        )
    except FileNotFoundError as error:
        raise SourceError(f"git is not installed ({error.filename}). Install it and run again.") from error
    except subprocess.TimeoutExpired:
        raise SourceUnreachableError(
            f"git {arguments[0]} did not end within {timeout:.0f} s. Check the network and run again."
        ) from None  # the exception holds the command line
    except subprocess.CalledProcessError as error:
        raise _failure(arguments[0], redact(error.stderr, location)) from None
    return done.stdout


def git_environment(given: Mapping[str, str], location: Location | None) -> dict[str, str]:
    """Build git's environment: plain English, no questions, and the token as a header for its own host only.

    Variables are private to the process, unlike arguments and URLs (git-config(1), GIT_CONFIG_COUNT).
    """
    values = {
        **given,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": given.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20"),
    }
    if location is None or not location.header:
        return values
    parts = urlsplit(location.url)
    count = int(given.get("GIT_CONFIG_COUNT", "0"))
    return {
        **values,
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": f"http.{parts.scheme}://{parts.netloc}/.extraHeader",
        f"GIT_CONFIG_VALUE_{count}": location.header,
    }


def redact(text: str, location: Location | None) -> str:
    """Replace what must not be shown."""
    for secret in location.secrets if location else ():
        text = text.replace(secret, "***")
    return text


def _failure(verb: str, message: str) -> SourceError:
    last = " / ".join(message.strip().splitlines()[-4:]) or "it said nothing"
    if any(sign in message.lower() for sign in _UNREACHABLE):
        return SourceUnreachableError(f"git {verb}: {last}. The repository did not answer; run again.")
    return SourceError(f"git {verb}: {last}")


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


def require_commit_of(location: Location, commit: str, branch: str, cache: Path) -> None:
    """Refuse a commit that the branch does not hold: by its SHA a server hands out any, forks' included.

    Raises:
        SourceUnreachableError: the repository did not answer.
        SourceError: it is no commit of the branch, or there is no such branch.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_PARTIAL, dir=cache) as name:
        folder = Path(name)
        git(["init", "--quiet", "--bare"], folder=folder)
        commits_only = ["fetch", "--quiet", "--no-tags", "--filter=tree:0", "--", location.url]
        git([*commits_only, f"refs/heads/{branch}"], folder=folder, location=location)
        known = git(["rev-list", "FETCH_HEAD"], folder=folder)
    if commit not in known.split():
        raise SourceError(
            f"{commit} is no commit of the branch {branch} of {location.url}. "
            "Push it there; a person may deploy it by hand."
        )


def _find(location: Location, ref: str, folder: Path) -> tuple[str, str]:
    """Return what to fetch and the commit it holds ("" while only a fetch can tell)."""
    if is_sha(ref):
        return ref, ref
    names = candidates(ref)
    peeled = [f"{name}^{{}}" for name in names]
    listing = git(["ls-remote", "--", location.url, *names, *peeled], folder=folder, location=location)
    found = choose(ref, listing, location.url)
    if found:
        return found
    if is_abbreviated(ref):
        return ref, "unknown"
    raise SourceError(
        f"{location.url} has no branch or tag {ref!r}. "
        "Push it, or give another ref (branch, tag or commit SHA)."
    )


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
    abandoned = time.time() - _ABANDONED
    partial = [entry for used, entry in entries if entry.name.startswith(_PARTIAL) and used < abandoned]
    whole = [entry for _, entry in entries if not entry.name.startswith(_PARTIAL)]
    for entry in [*partial, *whole[:-KEPT]]:
        shutil.rmtree(entry, ignore_errors=True)
