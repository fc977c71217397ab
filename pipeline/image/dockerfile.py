"""Reads what matters from a Dockerfile."""

import re
from pathlib import Path

from pipeline.image.errors import ImageError

_SIGNS = {
    "# syntax=": re.compile(r"^\s*#\s*syntax\s*=", re.IGNORECASE),
    "RUN --mount": re.compile(r"^\s*RUN\s+(--\S+\s+)*--(mount|security|network)\b", re.IGNORECASE),
    "COPY --link": re.compile(
        r"^\s*(COPY|ADD)\s+(--\S+\s+)*--(link|checksum|parents|exclude)\b", re.IGNORECASE
    ),
    "COPY --chmod": re.compile(r"^\s*(COPY|ADD)\s+(--\S+\s+)*--chmod\b", re.IGNORECASE),
    "a heredoc": re.compile(r"^\s*(RUN|COPY|ADD)\b.*<<-?['\"]?[A-Za-z_]\w*['\"]?(\s|$)", re.IGNORECASE),
}
"""Instructions that only BuildKit knows (Dockerfile reference)."""
_COMMENT = re.compile(r"^\s*#")


def read_dockerfile(context: Path, name: str) -> str:
    """Return the Dockerfile's text.

    Raises:
        ImageError: there is none, or it lies outside the context.
    """
    path = (context / name).resolve()
    if not path.is_relative_to(context.resolve()):
        raise ImageError(f"The Dockerfile {name} lies outside the build context {context}. Move it inside.")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ImageError(
            f"There is no Dockerfile {name} in {context} ({error.strerror}). "
            "Add it, or correct context and dockerfile in the environment's source."
        ) from error


def buildkit_sign(text: str) -> str | None:
    """Name the first thing in a Dockerfile that only BuildKit can build; None when any builder can."""
    for number, line in enumerate(text.splitlines()):
        for sign, pattern in _SIGNS.items():
            is_directive = sign == "# syntax="
            if pattern.search(line) and (number == 0 if is_directive else not _COMMENT.match(line)):
                return sign
    return None
