"""Runs git: never asks, never waits for ever, never shows a token."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.source.location import Location
from pipeline.source.model import SourceError, SourceUnreachableError

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
