"""Configuration that a Dockerfile gives its image, as far as its text tells. Pure.

``dockerfile-parse`` takes a heredoc's lines for instructions; ``dockerfile``, in Go, can end the process.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from posixpath import basename, join, normpath

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?[-+?]([^}]*))?\}|(\w+))")
_FLAGS = re.compile(r"^(?:--\S+\s+)+")
_FROM = re.compile(r"^(?:--\S+\s+)*--from=(\S+)")
_SHELL = ("/bin/sh", "-c")


@dataclass
class Stage:
    """A stage of a Dockerfile as an image."""

    base: str
    """Image that it begins with, variables filled in; "" for ``scratch``."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    folder: str = "/"
    """WORKDIR."""
    ports: tuple[int, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    health: bool = False
    """Whether it has a HEALTHCHECK."""
    copies: tuple[tuple[str, str], ...] = ()
    """Paths of the build context and where they lie in the image."""
    runs: str = ""
    """Text of all RUNs."""

    @property
    def started(self) -> tuple[str, ...]:
        """All words that a container starts with; a shell form ENTRYPOINT takes no command."""
        return self.entrypoint if self.entrypoint[:2] == _SHELL else (*self.entrypoint, *self.command)

    def place(self, path: str) -> str:
        """Return where a file of the build context lies in the image; "" where that cannot be told."""
        for source, target in reversed(self.copies):
            if source in (".", path):
                into = source == "." or target.endswith("/") or target == self.folder
                return normpath(join(target, path if source == "." else basename(path))) if into else target
            if path.startswith(f"{source}/"):
                return normpath(join(target, path.removeprefix(f"{source}/")))
        return ""


class Dockerfile:
    """Stages of a Dockerfile in their order, by their names."""

    def __init__(self, text: str) -> None:
        self.stages: dict[str, Stage] = {}
        self.base_arguments: dict[str, str] = {}
        """ARGs before the first FROM, which choose base images, with their defaults."""
        self.unset: list[str] = []
        """ARGs without a default that a FROM needs."""
        self._known: dict[str, str] = {}
        self._commanded = False
        for word, rest, body in _instructions(text):
            if word == "FROM":
                self._begin(rest)
            elif word == "ARG":
                self._argue(rest)
            elif self.stages and word in ("COPY", "ADD"):
                self._last.copies += tuple(self._copied(self._last, rest))
            elif self.stages:
                self._carry_out(self._last, word, rest, body)

    def stage(self, target: str) -> Stage | None:
        """Return the stage that is built, ``target`` or else the last one; None where there is none."""
        return self.stages.get(target.lower() or next(reversed(self.stages), ""))

    @property
    def runs(self) -> str:
        """Text of each RUN of every stage."""
        return "\n".join(stage.runs for stage in self.stages.values())

    @property
    def _last(self) -> Stage:
        return self.stages[next(reversed(self.stages))]

    def _begin(self, text: str) -> None:
        image, *rest = text.split() or [""]
        self.unset += [name for name in _missing(image, self.base_arguments) if name not in self.unset]
        base = _filled(image, self.base_arguments)
        parent = self.stages.get(base.lower()) or Stage("" if base == "scratch" else base)
        name = rest[1].lower() if len(rest) > 1 else f"#{len(self.stages)}"
        self.stages.pop(name, None)
        self.stages[name] = replace(parent, environment=dict(parent.environment))
        self._known, self._commanded = {}, False

    def _argue(self, text: str) -> None:
        for word in split_words(text):
            name, _, default = word.partition("=")
            if not self.stages:
                self.base_arguments[name] = default
            self._known[name] = default or self.base_arguments.get(name, "")

    def _carry_out(self, stage: Stage, word: str, text: str, body: str) -> None:
        filled = self._fill(stage, text)
        words = _words(filled)
        match word:
            case "ENTRYPOINT":
                stage.entrypoint = _command(text)
                stage.command = stage.command if self._commanded else ()
            case "CMD":
                stage.command, self._commanded = _command(text), True
            case "USER":
                stage.user = filled
            case "WORKDIR":
                stage.folder = normpath(join(stage.folder, filled))
            case "EXPOSE":
                named = (port.partition("/")[0] for port in words)
                stage.ports = (*stage.ports, *(int(port[:5]) for port in named if port.isdecimal()))
            case "ENV":
                stage.environment.update(_pairs(filled, words))
            case "VOLUME":
                stage.volumes += words
            case "HEALTHCHECK":
                stage.health = not text.upper().startswith("NONE")
            case "RUN":
                stage.runs += f"{text}\n{body}\n"

    def _fill(self, stage: Stage, text: str) -> str:
        return _filled(_FLAGS.sub("", text), {**self._known, **stage.environment})

    def _copied(self, stage: Stage, text: str) -> Iterator[tuple[str, str]]:
        origin = "".join(_FROM.findall(text)).lower()
        *sources, last = _words(self._fill(stage, text)) or ("",)
        target = normpath(join(stage.folder, last)) + ("/" if last.endswith("/") or len(sources) > 1 else "")
        for source in sources:
            inside = normpath(join("/", source))
            if not origin:
                yield normpath(source.lstrip("/") or "."), target
            for path, place in self.stages[origin].copies if origin in self.stages else ():
                at = normpath(place)
                if at == inside or at.startswith(f"{inside}/"):
                    yield path, normpath(target + "/" + at.removeprefix(inside))


def split_words(text: str) -> tuple[str, ...]:
    """Split a text as a shell does; at blanks where its quotes do not close."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def _instructions(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each instruction's word, its text with continuation lines joined, and its heredocs' lines."""
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    joined = ""
    for line in lines:
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        joined += bare
        if joined.endswith("\\"):
            joined = joined[:-1] + " "
            continue
        word, _, rest = joined.partition(" ")
        joined = ""
        marks = [mark for _, mark in _HEREDOC.findall(rest)] if word.upper() in ("RUN", "COPY", "ADD") else []
        yield word.upper(), rest.strip(), "\n".join(line for mark in marks for line in _until(mark, lines))


def _until(mark: str, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.strip() == mark:
            return
        yield line


def _listed(text: str) -> tuple[str, ...] | None:
    """Return an exec form; None for a shell form."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    right = isinstance(found, list) and all(isinstance(item, str) for item in found)
    return tuple(found) if right else None


def _words(text: str) -> tuple[str, ...]:
    return _listed(text) or split_words(text)


def _command(text: str) -> tuple[str, ...]:
    """Return the words that a container starts with: of the shell form the shell and its text."""
    found = _listed(text)
    return found if found is not None else (*_SHELL, text)


def _pairs(text: str, words: tuple[str, ...]) -> dict[str, str]:
    if words and "=" not in words[0]:
        name, _, value = text.partition(" ")
        return {name: value.strip()}
    return dict(word.partition("=")[::2] for word in words)


def _filled(text: str, known: dict[str, str]) -> str:
    """Fill ``$NAME`` and ``${NAME:-default}`` in; what is unknown becomes empty, as Docker does."""
    return _VARIABLE.sub(lambda found: known.get(found[1] or found[3]) or found[2] or "", text)


def _missing(text: str, known: dict[str, str]) -> Iterator[str]:
    for braced, default, bare in _VARIABLE.findall(text):
        if not default and not known.get(braced or bare):
            yield braced or bare
