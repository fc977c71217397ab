"""Configuration of an image, judged by whether the application can be started from it. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from posixpath import isabs, join, normpath
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipeline.environment.model import Environment

Read = Callable[[str], bytes | None]
"""Reads the beginning of a file of the image, symbolic links followed; None where there is none."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
REVISION = "org.opencontainers.image.revision"
_JOB_PYTHON = "python3"
"""What backups and restores run on, in the application's own image."""


_INTERPRETER = re.compile(r"(/\S*/)?(python[\d.]*|bash|dash|sh)")
"""What base images start: it ends at once where nobody types."""


class ImageConfig(BaseModel):
    """Configuration of an image (OCI image specification, config.md), as far as it decides how it starts."""

    model_config = ConfigDict(frozen=True)

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    working_directory: str = "/"
    path: str = _PATH
    ports: tuple[int, ...] = ()
    """TCP ports that EXPOSE names."""
    revision: str = ""
    """Commit that its label names."""

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> "ImageConfig":
        """Read the object ``config`` of an image's configuration, or ``Config`` of Docker's inspection."""
        environment = dict(item.partition("=")[::2] for item in config.get("Env") or ())
        exposed = [name.partition("/") for name in config.get("ExposedPorts") or ()]
        return cls(
            entrypoint=tuple(config.get("Entrypoint") or ()),
            command=tuple(config.get("Cmd") or ()),
            user=config.get("User") or "",
            working_directory=config.get("WorkingDir") or "/",
            path=environment.get("PATH") or _PATH,
            revision=(config.get("Labels") or {}).get(REVISION, ""),
            ports=tuple(sorted(int(port) for port, _, kind in exposed if kind in ("", "tcp"))),
        )


def started_command(config: ImageConfig, container: Mapping[str, Any]) -> tuple[str, ...]:
    """Return all words that a container is started with: entry point, then command.

    ``container`` is a container definition. Its entry point takes the image's command away, as with Docker.
    """
    entrypoint = tuple(container.get("entryPoint") or ())
    command = tuple(container.get("command") or ())
    if entrypoint:
        return (*entrypoint, *command)
    return (*config.entrypoint, *(command or config.command))


def image_faults(config: ImageConfig, settings: Environment, read: Read) -> tuple[str, ...]:
    """Return what keeps the application from starting in this image, each with what to set."""
    return (*_command_faults(config, settings, read), *_user_faults(config, settings, read))


def port_note(config: ImageConfig, port: int) -> str:
    """Return a remark about a port that the image names and nobody asks; "" where there is none."""
    if not config.ports or port in config.ports:
        return ""
    named = ", ".join(map(str, config.ports))
    return f"The image EXPOSEs {named}, and is asked on {port}: where it listens there, set container_port."


def _command_faults(config: ImageConfig, settings: Environment, read: Read) -> Iterator[str]:
    container, django = settings.container, settings.django
    chosen = {"entryPoint": container.entrypoint, "command": container.command}
    words = started_command(config, chosen)
    if not words or (len(words) == 1 and _INTERPRETER.fullmatch(words[0])):
        what = f"starts {words[0]} alone, its base image's CMD" if words else "has neither CMD nor ENTRYPOINT"
        yield (
            f"The image {what}, so nothing would serve. Add CMD to the Dockerfile, or "
            'set command in the `container` table, such as ["sh", "-c", "exec SERVER"].'
        )
    where = container.working_directory or config.working_directory
    needs = [
        (words, "serves", "command in the `container` table"),
        (django.manage, "runs management commands", "manage in the `django` table"),
        ((_JOB_PYTHON,), "runs backups", "PATH in the Dockerfile, or install python3"),
    ]
    for command, purpose, remedy in needs:
        fault = _missing(command, where, config.path, read) if command else ""
        if fault:
            yield f"{fault}, which {purpose}. Correct the image, or {remedy}."


def _missing(command: Sequence[str], where: str, path: str, read: Read) -> str:
    program = command[0]
    found = _find(program, where, path, read)
    if found is None:
        place = f"in {where}" if "/" in program else f"on its PATH ({path})"
        return f"The image has no {program!r} {place}"
    first = found.partition(b"\n")[0]
    if first.startswith(b"#!"):
        interpreter = (first[2:].split() or [b""])[0].decode(errors="replace")
        ending = first.endswith(b"\r")
        if ending or read(interpreter) is None:
            why = "its first line ends in a carriage return (CRLF)" if ending else "which is not there"
            return f"{program!r} is a script for {interpreter!r}, {why}"
    script = command[1] if len(command) > 1 and command[1].endswith(".py") else ""
    if script and read(normpath(join(where, script))) is None:
        return f"The image has no {script} in {where}"
    return ""


def _find(program: str, where: str, path: str, read: Read) -> bytes | None:
    if "/" in program:
        return read(program if isabs(program) else normpath(join(where, program)))
    places = (read(join(folder, program)) for folder in path.split(":") if folder)
    return next((found for found in places if found is not None), None)


def _user_faults(config: ImageConfig, settings: Environment, read: Read) -> Iterator[str]:
    chosen = settings.container.user
    user, _, group = (chosen or config.user).partition(":")
    origin = "user in the `container` table" if chosen else "USER in the Dockerfile"
    for name, file, kind in ((user, "/etc/passwd", "user"), (group, "/etc/group", "group")):
        if not name or name.isdecimal():
            continue
        known = [line.split(":")[0] for line in (read(file) or b"").decode(errors="replace").splitlines()]
        if name not in known:
            yield (
                f"The image knows no {kind} {name!r} ({origin}), so no container starts. Make it in the "
                f"Dockerfile (useradd), or give a number."
            )
