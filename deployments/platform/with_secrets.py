"""Starts a command with secrets from files: ``with_secrets [--migrate] COMMAND ...``.

``NAME_FILE=/run/secrets/x`` becomes ``NAME`` with that file's text, which Prefect, unlike PostgreSQL's image,
does not do itself. ``{NAME}`` in another of its settings stands for that text, as in a URL with a password.
The command takes this process's place, so signals reach it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import PipelineError

_SUFFIX = "_FILE"
_PREFIX = "PREFECT_"
MIGRATED = Path("/tmp/migrated")  # noqa: S108 - a sign for the health check, in the container's own /tmp
_MIGRATE = (sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes")


class SecretFileError(PipelineError):
    """A file that should hold a secret does not."""


def resolve(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with every Prefect setting that a file holds.

    Raises:
        SecretFileError: the file cannot be read or is empty.
    """
    named = {
        name: path for name, path in variables.items() if name.startswith(_PREFIX) and name.endswith(_SUFFIX)
    }
    secrets = {name.removesuffix(_SUFFIX): _read(name, Path(path)) for name, path in named.items()}
    kept = {name: value for name, value in variables.items() if name not in named}
    for name in (name for name in kept if name.startswith(_PREFIX)):
        for secret, text in secrets.items():
            kept[name] = kept[name].replace(f"{{{secret}}}", text)
    return {**kept, **secrets}


def _read(name: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretFileError(
            f"{name} names {path}, which cannot be read: {error.strerror}. It must exist and be readable by "
            f"user {os.getuid()}."
        ) from error
    if not text:
        raise SecretFileError(f"{name} names {path}, which is empty. Put the secret in.")
    return text


def main(arguments: list[str]) -> None:
    """Become the command; ends with a message when a secret is missing."""
    try:
        variables = resolve(os.environ)
    except SecretFileError as error:
        sys.exit(str(error))
    if arguments[:1] == ["--migrate"]:
        arguments = arguments[1:]
        subprocess.run(_MIGRATE, env=variables, check=True)  # noqa: S603 - fixed above
        MIGRATED.touch()
    os.execvpe(arguments[0], arguments, variables)  # noqa: S606 - what the compose file names


if __name__ == "__main__":
    main(sys.argv[1:])
