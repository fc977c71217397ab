"""Finds every supported Python of the machine and runs tests on each.

Each version has an environment of its own below ``.tools/pythons``.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployments.local.setup.bootstrap import supported
from deployments.local.setup.paths import TOOLS
from deployments.paths import PROJECT

_QUESTION = (
    "import importlib.util, sys; print(sys.implementation.name, '.'.join(map(str, sys.version_info[:3])), "
    "bool(importlib.util.find_spec('ensurepip')), getattr(sys, '_base_executable', '') or sys.executable)"
)
Run = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Interpreter:
    """A Python: its whole version (3.11.2), where it lies, and whether it can make environments by itself."""

    version: str
    path: str
    has_venv: bool


def places(variables: Mapping[str, str], system: str = "/usr/bin") -> Iterator[Path]:
    """Yield where interpreters may lie: PATH, the system's folder, and below pyenv's root."""
    names = ["python3", *(f"python{version}" for version in supported())]
    folders = [folder for folder in variables.get("PATH", "").split(os.pathsep) if folder]
    yield from (Path(folder) / name for folder in [*folders, system] for name in names)
    pyenv = Path(variables.get("PYENV_ROOT") or Path(variables.get("HOME", "/")) / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python3"))


def ask(place: Path) -> Interpreter | None:
    """Return what a file says of itself; None where it is no Python that the project supports."""
    try:
        command = [str(place), "-I", "-c", _QUESTION]
        output = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603 - an interpreter of PATH
        kind, version, has_venv, path = output.strip().split(" ", 3)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    good = kind == "cpython" and version.rpartition(".")[0] in supported()
    return Interpreter(version, path, has_venv == "True") if good else None


def find(candidates: Iterator[Path]) -> list[Interpreter]:
    """Return one interpreter of each version, the oldest first; one with venv is better than one without."""
    found: dict[str, Interpreter] = {}
    for place in dict.fromkeys(candidates):
        answer = ask(place) if place.exists() else None
        if answer and not (answer.version in found and found[answer.version].has_venv >= answer.has_venv):
            found[answer.version] = answer
    return sorted(found.values(), key=lambda each: [int(part) for part in each.version.split(".")])


def run_tests(each: Interpreter, arguments: Sequence[str], run: Run) -> str:
    """Make the environment, or renew it, and run pytest in it; return how that ended."""
    folder = TOOLS / "pythons" / each.version
    if run([each.path, str(PROJECT / "deployments/local/setup/bootstrap.py"), str(folder)]):
        return "no environment" if each.has_venv else "left out: no venv module, see above"
    code = run([str(folder / "bin/python"), "-m", "pytest", *arguments])
    return f"failed, exit code {code}" if code else "passed"


def check_all(arguments: Sequence[str]) -> int:
    """Run the tests on every supported Python of this machine."""
    return check(find(places(os.environ)), arguments, _run)


def check(found: Sequence[Interpreter], arguments: Sequence[str], run: Run) -> int:
    """Run the tests on each and say how it went; 1 when one fails, or when none could be run."""
    for version in supported():
        these = [f"{each.version} {each.path}" for each in found if each.version.startswith(f"{version}.")]
        _print(f"Python {version}: {', '.join(these) or 'none on this machine'}")
    ends = {}
    for each in found:
        _print(f"\n== Python {each.version}, {each.path} ==")
        ends[each.version] = run_tests(each, arguments, run)
    _print("\n" + "\n".join(f"Python {version}: {end}" for version, end in ends.items()))
    bad = [end for end in ends.values() if end != "passed" and not end.startswith("left out")]
    return 1 if bad or "passed" not in ends.values() else 0


def _run(command: Sequence[str]) -> int:
    return subprocess.run(command, cwd=PROJECT, check=False).returncode  # noqa: S603 - our own command


def _print(line: str) -> None:
    print(line, flush=True)
