"""Runs git: never asks, never waits for ever, never shows a token."""

import os
import re
import subprocess
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
