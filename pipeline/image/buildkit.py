"""Builds through BuildKit with the docker command: the SDK doesn't speak BuildKit's protocol."""

import os
import queue
import re
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.image.request import (
    BuildError,
    BuildEvent,
    BuildReport,
    BuildRequest,
    BuiltImage,
    ImageError,
    buildkit_sign,
    read_dockerfile,
)

_LINE = re.compile(r"^#(\d+) (.*)$")
_STEP = re.compile(r"^\[(?:\S+ )?\s*(\d+)/(\d+)\] (.*)$")
_TIME = re.compile(r"^\d+\.\d+ ")
_DONE = re.compile(r"^DONE \d")
_TAIL = 200


class BuildkitLog:
    """Turns lines into events and remembers what an error message needs."""

    def __init__(self, image: str) -> None:
        self._image = image
        self._names: dict[str, BuildEvent] = {}
        self._failed = ""
        self._reason = ""
        self._tails: dict[str, deque[str]] = {}
        self._loose: deque[str] = deque(maxlen=_TAIL)
        self.cached = 0

    @property
    def steps(self) -> int:
        """Number of instructions seen."""
        return len(self._names)

    def read(self, line: str) -> Iterator[BuildEvent]:
        """Yield what one line says."""
        found = _LINE.match(line.rstrip())
        if found:
            yield from self._numbered(found[1], found[2])
        elif line.strip():
            self._loose.append(line.rstrip())

    def failure(self, reason: str) -> BuildError:
        """Build the error of a build that ends here."""
        step = self._names.get(self._failed)
        where = f"step {step.step}/{step.steps} ({step.text})" if step else ""
        tail = self._tails.get(self._failed) or self._loose
        return BuildError(self._image, self._reason or reason, where, tuple(tail))

    def _numbered(self, number: str, text: str) -> Iterator[BuildEvent]:
        step = _STEP.match(text)
        known = self._names.get(number)
        if step and known is None:
            event = BuildEvent("step", step[3], int(step[1]), int(step[2]))
            self._names[number] = event
            yield event
        elif text == "CACHED" and known:
            self.cached += 1
            yield BuildEvent("cached", known.text, known.step, known.steps)
        elif text.startswith("ERROR: "):
            self._failed, self._reason = number, text.removeprefix("ERROR: ")
        elif not step and not _DONE.match(text):
            yield self._output(number, _TIME.sub("", text), known)

    def _output(self, number: str, text: str, known: BuildEvent | None) -> BuildEvent:
        self._tails.setdefault(number, deque(maxlen=_TAIL)).append(text)
        return BuildEvent("output", text, known.step if known else 0, known.steps if known else 0)


_PROBE_LIMIT = 20


@dataclass(frozen=True)
class BuildkitCli:
    """A docker command that can reach BuildKit, as found on this machine."""

    path: str
    buildx: bool
    """Whether the buildx plugin builds; commands before 23.0 have BuildKit's client built in."""


@dataclass(frozen=True)
class BuildCommand:
    """A command as data; ``environment`` is added to the process's own and is not for showing."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)


def build_with_buildkit(request: BuildRequest, sign: str, report: BuildReport) -> BuiltImage:
    """Build with the docker command; ``sign`` says why BuildKit is needed.

    Raises:
        ImageError: this machine has no docker command with BuildKit.
        BuildError: the build failed, with the step and its last lines.
    """
    cli = find_buildkit()
    if cli is None:
        raise ImageError(_no_buildkit(request.context, request.dockerfile, sign))
    log, start = BuildkitLog(request.image), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="buildkit-") as folder:
        id_file = Path(folder) / "image-id"
        code = _follow(buildkit_command(cli, request, id_file), request, log, report)
        if code:
            raise log.failure(f"docker build ended with {code}")
        image_id = id_file.read_text(encoding="utf-8").strip()
    return BuiltImage(request.image, image_id, log.steps, log.cached, time.monotonic() - start)


def buildkit_fault(context: Path, dockerfile: str) -> str | None:
    """Say why this machine cannot build the Dockerfile; None when it can.

    Raises:
        ImageError: there is no Dockerfile.
    """
    sign = buildkit_sign(read_dockerfile(context, dockerfile))
    return _no_buildkit(context, dockerfile, sign) if sign and find_buildkit() is None else None


def _no_buildkit(context: Path, dockerfile: str, sign: str) -> str:
    """Say what is missing."""
    return (
        f"{context}/{dockerfile} has {sign}, which needs BuildKit, and no docker command here can reach it. "
        "Install docker's buildx plugin, or write the Dockerfile without it."
    )


def buildkit_command(cli: BuildkitCli, request: BuildRequest, id_file: Path) -> BuildCommand:
    """Build the docker command. Values of build arguments go by the environment, out of the process list."""
    # An attestation makes the image an index, of which ECR scans nothing.
    verb = ("buildx", "build", "--load", "--provenance=false", "--sbom=false") if cli.buildx else ("build",)
    options = [
        "--progress=plain",
        f"--iidfile={id_file}",
        f"--tag={request.image}",
        f"--file={request.context / request.dockerfile}",
        *(f"--build-arg={name}" for name in sorted(request.arguments)),
        *(f"--label={name}={value}" for name, value in sorted(request.labels.items())),
        *([f"--target={request.target}"] if request.target else []),
        *([f"--platform={request.platform}"] if request.platform else []),
    ]
    environment = {**request.arguments, "DOCKER_BUILDKIT": "1"}
    return BuildCommand((cli.path, *verb, *options, str(request.context)), environment)


def find_buildkit() -> BuildkitCli | None:
    """Look through every docker command in PATH for one that reaches BuildKit."""
    for folder in os.get_exec_path():
        path = Path(folder) / "docker"
        if not os.access(path, os.X_OK):
            continue
        if _says(str(path), "buildx", "version") is not None:
            return BuildkitCli(str(path), buildx=True)
        version = _says(str(path), "version", "--format", "{{.Client.Version}}") or ""
        major = version.partition(".")[0]
        if major.isdigit() and 18 < int(major) < 23:
            return BuildkitCli(str(path), buildx=False)
    return None


def _says(*command: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 (a docker command found in PATH, fixed arguments)
            command, capture_output=True, text=True, timeout=_PROBE_LIMIT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _follow(command: BuildCommand, request: BuildRequest, log: BuildkitLog, report: BuildReport) -> int:
    """Run the command to its end, reporting each line; it is stopped when its time is over."""
    deadline = time.monotonic() + request.limit
    with subprocess.Popen(  # noqa: S603 (built as a list above, no shell)
        command.arguments,
        env={**os.environ, **command.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in _lines(process, deadline):
                for event in log.read(line):
                    report(event)
            return process.wait(timeout=max(1, deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise log.failure(f"not done after {request.limit:.0f} s, given up") from None
        finally:
            if process.poll() is None:
                process.terminate()


def _lines(process: subprocess.Popen[str], deadline: float) -> Iterator[str]:
    """Yield the lines as they come; a silent process can't hold the deadline up.

    Raises:
        TimeoutError: the deadline (monotonic clock) is over.
    """
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_pump, args=(process, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=max(0.01, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if line is None:
            return
        yield line


def _pump(process: subprocess.Popen[str], lines: "queue.SimpleQueue[str | None]") -> None:
    for line in process.stdout or ():
        lines.put(line)
    lines.put(None)
