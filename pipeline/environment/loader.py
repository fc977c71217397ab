"""Reads environments.toml and reports everything that is wrong with it at once."""

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.environment.files import PROJECT, files_here
from pipeline.environment.model import Environment
from pipeline.errors import PipelineError


class EnvironmentsFileError(PipelineError):
    """environments.toml cannot be used; ``problems`` has one line per fault, with its path in the file."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{path} has {len(problems)} problem(s); fix them and run again:\n{lines}")


class UnknownEnvironmentError(PipelineError):
    """An environment was asked for that environments.toml does not describe."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            f"There is no environment {name!r}. Known: {', '.join(known)}. "
            "To add one, describe it in deployments/environments.toml."
        )


class UnknownSourceError(PipelineError):
    """Nobody has said which repository an environment is built from."""

    def __init__(self, name: str, variable: str) -> None:
        super().__init__(
            f"{name} has no source: the variable {variable} is not set. Set it to the URL of "
            f"its repository (export {variable}=https://github.com/OWNER/REPOSITORY.git), then run again."
        )


def load_environments(
    path: Path, variables: Mapping[str, str] | None = None, application: str = ""
) -> dict[str, Environment]:
    """Load every environment of the file, by name.

    Values may hold ``${NAME}``: taken from ``variables`` (default: the process environment), else from the
    file's own ``[variables]`` table. Keys of ``[defaults]`` serve every environment, and ``{app}`` and
    ``{environment}`` in ``[names]`` are filled in. The variable of a source's repository need not be set
    yet. The environments of an ``application`` with a folder of its own are named after it, and their sizes
    lie beside the file.

    Raises:
        EnvironmentsFileError: the file is missing, is not TOML, or has unknown, missing or ill-typed values.
    """
    document = _read(path)
    given = os.environ if variables is None else variables
    problems: list[str] = []
    values = {**_table(document, "variables", "", problems), **given}
    expanded = _expand(document, values, "", problems)
    shared = _table(expanded, "defaults", "", problems)
    names = _table(expanded, "names", "", problems)
    tables = _table(expanded, "environments", "", problems)
    problems += [f"{key}: unknown key" for key in expanded]
    if not tables:
        problems.append("environments: at least one is needed")
    found: dict[str, Environment] = {}
    for stage in tables:
        table = _merged(shared, _table(tables, stage, "environments.", problems, keep=True))
        place = _place(path, stage, application) if application else {"name": stage}
        made = _environment(stage, table, place, names, problems)
        if made is not None:
            found[made.name] = made
    if problems:
        raise EnvironmentsFileError(path, problems)
    return found


def _place(path: Path, stage: str, application: str) -> dict[str, str]:
    sizes = path.with_name(f"{stage}.tfvars").absolute()
    inside = sizes.is_relative_to(PROJECT)
    return {
        "name": f"{application}-{stage}",
        "stage": stage,
        "sizes": str(sizes.relative_to(PROJECT) if inside else sizes),
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EnvironmentsFileError(path, [f"cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EnvironmentsFileError(path, [f"is not TOML: {error}"]) from error


def _table(
    document: dict[str, Any], key: str, where: str, problems: list[str], *, keep: bool = False
) -> dict[str, Any]:
    """Take a table out of the document, or read it; an absent one is empty."""
    found = document.get(key, {}) if keep else document.pop(key, {})
    if isinstance(found, dict):
        return found
    problems.append(f"{where}{key}: must be a table")
    return {}


def _expand(value: Any, values: Mapping[str, Any], where: str, problems: list[str]) -> Any:
    """Replace ``${NAME}`` in every string of the document."""
    if isinstance(value, dict):
        return {
            key: _expand(item, values, f"{where}.{key}" if where else key, problems)
            for key, item in value.items()
        }
    if not isinstance(value, str):
        return value
    try:
        return Template(value).substitute(values)
    except KeyError as error:
        if not where.endswith(".source.repository"):
            problems.append(f"{where}: variable {error.args[0]} is not set")
    except ValueError as error:
        problems.append(f"{where}: {error}")
    return value


_MERGED = ("container", "data", "django", "sidecars", "source", "variables")
"""Tables of which an environment names only what differs from [defaults]."""


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return an environment's table with what it leaves to the defaults."""
    found = {**shared, **own}
    for key in _MERGED:
        if isinstance(shared.get(key), dict) and isinstance(own.get(key), dict):
            found[key] = {**shared[key], **own[key]}
    return found


def _environment(
    name: str,
    table: dict[str, Any],
    place: Mapping[str, str],
    names: Mapping[str, Any],
    problems: list[str],
) -> Environment | None:
    problems += [
        f"environments.{name}.{key}: follows from the table's own name; remove it"
        for key in ("name", "stage", "sizes")
        if key in table
    ]
    fill = {"app": table.get("app", ""), "environment": name}
    own_names = _table(table, "names", f"environments.{name}.", problems)
    filled = {key: _fill(key, value, fill, problems) for key, value in {**names, **own_names}.items()}
    document = {**table, **place, "names": filled}
    try:
        return TypeAdapter(Environment).validate_python(document)
    except ValidationError as error:
        problems += [_problem(name, dict(fault)) for fault in error.errors()]
        return None


def _fill(key: str, value: Any, fill: Mapping[str, str], problems: list[str]) -> str:
    """Fill in ``{app}`` and ``{environment}``."""
    if not isinstance(value, str):
        problems.append(f"names.{key}: must be a text")
        return ""
    try:
        return value.format_map(fill)
    except (KeyError, ValueError, IndexError, AttributeError):
        problems.append(f"names.{key}: only {{app}} and {{environment}} can be filled in")
        return ""


def _problem(name: str, fault: dict[str, Any]) -> str:
    path = ".".join(["environments", name, *map(str, fault["loc"])])
    return f"{path}: {fault['msg']}"


def state_folder() -> Path:
    """Return the folder of all that this machine keeps (VIMBISO_STATE)."""
    return Path(os.environ.get("VIMBISO_STATE") or PROJECT / ".local").absolute()


def environments() -> dict[str, Environment]:
    """Load the environments that the project delivers to.

    They are those of the project's own file (or of VIMBISO_ENVIRONMENTS), and those of every application
    with a folder of its own in ``deployments/applications`` (or in VIMBISO_APPLICATIONS).
    """
    return dict(_load(files_here()))


def forget_environments() -> None:
    """Have the files read again: the process environment, whose variables they hold, has changed."""
    _load.cache_clear()


@cache
def _load(files: tuple[tuple[str, Path], ...]) -> dict[str, Environment]:
    found: dict[str, Environment] = {}
    for application, path in files:
        for name, item in load_environments(path, application=application).items():
            if name in found:
                raise EnvironmentsFileError(path, [f"environments: there is another {name}; rename one"])
            same = [other for other in found.values() if (other.app, other.stage) == (item.app, item.stage)]
            if same:
                fault = f"environments.{item.stage}: {same[0].name} is {item.app} {item.stage} already"
                raise EnvironmentsFileError(path, [f"{fault}; set app to the application's own name"])
            found[name] = item
    return found


def environment(name: str) -> Environment:
    """Return one environment.

    Raises:
        UnknownEnvironmentError: naming those that exist.
        UnknownSourceError: naming the variable that is not set.
    """
    known = environments()
    if name not in known:
        raise UnknownEnvironmentError(name, list(known))
    if variable := known[name].source.unset:
        raise UnknownSourceError(name, variable)
    return known[name]
