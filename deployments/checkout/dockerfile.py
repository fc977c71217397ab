"""Configuration that a Dockerfile gives its image, as far as its text tells. Pure.

``dockerfile-parse`` takes a heredoc's lines for instructions; ``dockerfile``, in Go, can end the process.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import basename, join, normpath

_DIRECTIVE = re.compile(r"^#\s*escape\s*=\s*`", re.IGNORECASE | re.MULTILINE)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?[-+?]([^}]*))?\}|(\w+))")
_FLAG = re.compile(r"--([\w-]+)=(\S+)\s*")


@dataclass(frozen=True)
class Instruction:
    """An instruction of a Dockerfile, its continuation lines joined."""

    word: str
    flags: Mapping[str, str]
    text: str
    body: str = ""
    """Lines of its heredocs."""

    @property
    def listed(self) -> tuple[str, ...] | None:
        """Its exec form; None where it has the shell form."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        right = isinstance(found, list) and all(isinstance(item, str) for item in found)
        return tuple(found) if right else None

    @property
    def words(self) -> tuple[str, ...]:
        """Its words, without quotes."""
        return self.listed or split_words(self.text)

    @property
    def command(self) -> tuple[str, ...]:
        """Words that a container starts with: of the shell form the shell and its text."""
        found = self.listed
        return found if found is not None else ("/bin/sh", "-c", self.text)


@dataclass(frozen=True)
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
    environment: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    health: bool = False
    """Whether it has a HEALTHCHECK."""
    copies: tuple[tuple[str, str], ...] = ()
    """Paths of the build context and where they lie in the image."""
    runs: tuple[str, ...] = ()
    """Text of each RUN."""

    @property
    def started(self) -> tuple[str, ...]:
        """All words that a container starts with; a shell form ENTRYPOINT takes no command."""
        shell = self.entrypoint[:2] == ("/bin/sh", "-c")
        return self.entrypoint if shell else (*self.entrypoint, *self.command)

    def place(self, path: str) -> str:
        """Return where a file of the build context lies in the image; "" where that cannot be told."""
        for source, target in reversed(self.copies):
            if source in (".", path):
                into = source == "." or target.endswith("/") or target == self.folder
                return normpath(join(target, path if source == "." else basename(path))) if into else target
            if path.startswith(f"{source}/"):
                return normpath(join(target, path.removeprefix(f"{source}/")))
        return ""


@dataclass(frozen=True)
class Dockerfile:
    """Outcome of reading a Dockerfile."""

    stage: Stage | None
    """The one that is built; None where there is none."""
    base_arguments: tuple[str, ...] = ()
    """ARGs before the first FROM, which choose base images."""
    runs: str = ""
    """Text of each RUN of every stage."""
    unset: tuple[str, ...] = ()
    """ARGs without a default that a FROM needs."""


def split_words(text: str) -> tuple[str, ...]:
    """Split a text as a shell does; at blanks where its quotes do not close."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def instructions(text: str) -> Iterator[Instruction]:
    """Yield a Dockerfile's instructions."""
    escape = "`" if _DIRECTIVE.match(text) else "\\"
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    joined = ""
    for line in lines:
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        joined += bare
        if joined.endswith(escape):
            joined = joined[:-1] + " "
            continue
        word, *rest = joined.split(maxsplit=1)
        joined = ""
        yield _instruction(word.upper(), "".join(rest), lines)


def _instruction(word: str, text: str, lines: Iterator[str]) -> Instruction:
    flags = {}
    while found := _FLAG.match(text):
        flags[found[1]] = found[2]
        text = text[found.end() :]
    marks = [mark[1] for mark in _HEREDOC.findall(text)] if word in ("RUN", "COPY", "ADD") else []
    body: list[str] = []
    for mark in marks:
        for line in lines:
            if line.strip() == mark:
                break
            body.append(line)
    return Instruction(word, flags, text, "\n".join(body))


def read_dockerfile_text(text: str, target: str = "") -> Dockerfile:
    """Follow a Dockerfile to the stage that is built: ``target``, else the last one."""
    reader = _Stages()
    for item in instructions(text):
        reader.read(item)
    stages = reader.stages
    last = list(stages.values())[-1] if stages else None
    chosen = stages.get(target.lower()) if target else last
    runs = "\n".join(dict.fromkeys(run for stage in stages.values() for run in stage.runs))
    return Dockerfile(chosen, tuple(reader.before), runs, tuple(dict.fromkeys(reader.unset)))


class _Stages:
    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.arguments: dict[str, str | None] = {}
        self.before: list[str] = []
        self.unset: list[str] = []
        self._name = ""
        self._commanded = False
        self._known: dict[str, str] = {}

    def read(self, item: Instruction) -> None:
        if item.word == "FROM":
            self._begin(item)
        elif item.word == "ARG":
            self._argue(item)
        elif self._name:
            self.stages[self._name] = self._changed(self.stages[self._name], item)

    def _begin(self, item: Instruction) -> None:
        words = item.text.split()
        image = words[0] if words else ""
        self.unset += _missing(image, self._globals)
        base = _filled(image, self._globals)
        self._name = words[2].lower() if len(words) > 2 else f"#{len(self.stages)}"
        parent = self.stages.get(base.lower())
        self.stages[self._name] = parent or Stage("" if base == "scratch" else base)
        self._known, self._commanded = {}, False

    @property
    def _globals(self) -> dict[str, str]:
        return {name: value for name in self.before if (value := self.arguments[name]) is not None}

    def _argue(self, item: Instruction) -> None:
        for word in split_words(item.text):
            name, sign, default = word.partition("=")
            if not self._name:
                self.before.append(name)
            if not self._name or name not in self.before:
                self.arguments[name] = default if sign else None
            found = default if sign else self._globals.get(name)
            if self._name and found is not None:
                self._known[name] = found

    def _changed(self, stage: Stage, item: Instruction) -> Stage:
        known = {**self._known, **stage.environment}
        text = _filled(item.text, known)
        words = split_words(text)
        match item.word:
            case "ENTRYPOINT":
                kept = stage.command if self._commanded else ()
                return replace(stage, entrypoint=item.command, command=kept)
            case "CMD":
                self._commanded = True
                return replace(stage, command=item.command)
            case "USER":
                return replace(stage, user=text)
            case "WORKDIR":
                return replace(stage, folder=normpath(join(stage.folder, text)))
            case "EXPOSE":
                found = {
                    int(word[:5]) for word in (word.partition("/")[0] for word in words) if word.isdecimal()
                }
                return replace(stage, ports=tuple(sorted({*stage.ports, *found})))
            case "ENV":
                return replace(stage, environment={**stage.environment, **_pairs(text, words)})
        return self._gathered(stage, item if item.word == "RUN" else replace(item, text=text))

    def _gathered(self, stage: Stage, item: Instruction) -> Stage:
        match item.word:
            case "VOLUME":
                return replace(stage, volumes=(*stage.volumes, *item.words))
            case "HEALTHCHECK":
                return replace(stage, health=not item.text.upper().startswith("NONE"))
            case "RUN":
                return replace(stage, runs=(*stage.runs, f"{item.text}\n{item.body}"))
            case "COPY" | "ADD":
                return replace(stage, copies=(*stage.copies, *self._copied(stage, item)))
        return stage

    def _copied(self, stage: Stage, item: Instruction) -> Iterator[tuple[str, str]]:
        *sources, last = item.words or ("",)
        target = normpath(join(stage.folder, last)) + ("/" if last.endswith("/") or len(sources) > 1 else "")
        origin = item.flags.get("from", "").lower()
        for source in sources:
            if not origin:
                yield normpath(source.lstrip("/") or "."), target
            elif origin in self.stages:
                inside = normpath(join("/", source))
                for path, place in self.stages[origin].copies:
                    at = normpath(place)
                    if at == inside or at.startswith(f"{inside}/"):
                        yield path, normpath(target + "/" + at.removeprefix(inside))


def _pairs(text: str, words: tuple[str, ...]) -> dict[str, str]:
    if words and "=" not in words[0]:
        name, _, value = text.partition(" ")
        return {name: value.strip()}
    return dict(word.partition("=")[::2] for word in words)


def _filled(text: str, known: Mapping[str, str]) -> str:
    """Fill ``$NAME`` and ``${NAME:-default}`` in; what is unknown becomes empty, as Docker does."""
    return _VARIABLE.sub(lambda found: known.get(found[1] or found[3]) or found[2] or "", text)


def _missing(text: str, known: Mapping[str, str]) -> Iterator[str]:
    for braced, default, bare in _VARIABLE.findall(text):
        if not default and not known.get(braced or bare):
            yield braced or bare
