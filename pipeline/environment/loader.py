"""Reads environments.toml and reports everything that is wrong with it at once."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.environment.model import Environment
from pipeline.errors import PipelineError


class EnvironmentsFileError(PipelineError):
    """environments.toml cannot be used; ``problems`` has one line per fault, with its path in the file."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{path} has {len(problems)} problem(s); mend them and run again:\n{lines}")


class UnknownEnvironmentError(PipelineError):
    """An environment was asked for that environments.toml does not describe."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            f"There is no environment {name!r}. Known: {', '.join(known)}. "
            "To add one, describe it in deployments/environments.toml."
        )


class _MissingVariableError(KeyError):
    pass


def load_environments(path: Path, variables: Mapping[str, str] | None = None) -> dict[str, Environment]:
    """Load every environment of the file, by name.

    Values may hold ``${NAME}``: taken from ``variables`` (default: the process environment), else from the
    file's own ``[variables]`` table. Keys of ``[defaults]`` serve every environment, and ``{app}`` and
    ``{environment}`` in ``[names]`` are filled in.

    Raises:
        EnvironmentsFileError: the file is missing, is not TOML, or has unknown, missing or ill-typed values.
    """
    document = _read(path)
    given = os.environ if variables is None else variables
    values = {**document.pop("variables", {}), **given}
    problems: list[str] = []
    expanded = _expand(document, values, "", problems)
    shared = expanded.pop("defaults", {})
    names = expanded.pop("names", {})
    tables = expanded.pop("environments", {})
    problems += [f"{key}: unknown key" for key in expanded]
    if not tables:
        problems.append("environments: at least one is needed")
    found = {name: _environment(name, {**shared, **table}, names, problems) for name, table in tables.items()}
    if problems:
        raise EnvironmentsFileError(path, problems)
    return {name: environment for name, environment in found.items() if environment is not None}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EnvironmentsFileError(path, [f"cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EnvironmentsFileError(path, [f"is not TOML: {error}"]) from error


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
        problems.append(f"{where}: variable {error.args[0]} is not set")
    except ValueError as error:
        problems.append(f"{where}: {error}")
    return value


def _environment(name: str, table: Any, names: Mapping[str, str], problems: list[str]) -> Environment | None:
    if not isinstance(table, dict):
        problems.append(f"environments.{name}: must be a table")
        return None
    own_names = {
        key: value.format(app=table.get("app", ""), environment=name) for key, value in names.items()
    }
    document = {"name": name, "names": own_names, **table}
    try:
        return TypeAdapter(Environment).validate_python(document)
    except ValidationError as error:
        problems += [_problem(name, dict(fault)) for fault in error.errors()]
        return None


def _problem(name: str, fault: dict[str, Any]) -> str:
    path = ".".join(["environments", name, *map(str, fault["loc"])])
    return f"{path}: {fault['msg']}"
