"""A secret that is made up once and kept in a file of its user's own."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile


def secret_in(file: Path, make: Callable[[], str] | None = None) -> str:
    """Return the secret in the file, which is made up where there is none or a killed process left it empty.

    The file appears whole or not at all, and the first of several processes or threads decides.
    """
    with suppress(FileNotFoundError):
        if found := file.read_text(encoding="utf-8").strip():
            return found
        file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    # Named at random and made for its user alone: no other process or thread has the same one.
    with NamedTemporaryFile("w", encoding="utf-8", prefix=f".{file.name}.", dir=file.parent) as draft:
        draft.write((make or random_secret)())
        draft.flush()
        with suppress(FileExistsError):
            os.link(draft.name, file)
    return file.read_text(encoding="utf-8").strip()


def random_secret() -> str:
    """Return 32 random bytes as text."""
    return secrets.token_urlsafe(32)
