"""The flows' parameters as their source declares them; an import of a flow imports Prefect: seconds."""

import ast
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from deployments.paths import PROJECT
from pipeline.environment.files import files_here
from pipeline.errors import PipelineError


class CommandError(PipelineError):
    """The command cannot be carried out as it was typed, or there is nobody to carry it out."""


Json = Annotated[bool, Parameter(name="--json", negative="", help="answer in JSON, for other programs")]
Verbose = Annotated[bool, Parameter(negative="", help="show the whole log, not only warnings")]
_DISPLAY = ast.parse("def display(*, verbose: Verbose = False, json: Json = False): ...").body[0]
"""Options that every verb which starts a flow has beside the flow's own parameters."""


def environment_names() -> tuple[str, ...]:
    """Return the environments' names; none where the file is broken, of which its loader tells more later."""
    try:
        return tuple(
            f"{application}-{stage}" if application else stage
            for application, file in files_here()
            for stage in tomllib.loads(file.read_text(encoding="utf-8"))["environments"]
        )
    except (OSError, ValueError, KeyError):
        return ()


if TYPE_CHECKING:
    EnvironmentName = str
elif _names := environment_names():
    EnvironmentName = Literal[_names]
else:
    EnvironmentName = str


def declared_flows(folder: Path = PROJECT / "flows") -> Iterator[tuple[str, Callable[..., None]]]:
    """Yield the name of each flow, and a function with its docstring and parameters that does nothing."""
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8"), str(path)).body:
            if isinstance(node, ast.FunctionDef) and (name := _flow_name(node)):
                yield name, _declaration(node, path)


def _flow_name(node: ast.FunctionDef) -> str:
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "flow":
            return next(str(ast.literal_eval(item.value)) for item in call.keywords if item.arg == "name")
    return ""


def _declaration(node: ast.FunctionDef, path: Path) -> Callable[..., None]:
    """Define the function again without its body; all parameters but the environment are options."""
    assert isinstance(_DISPLAY, ast.FunctionDef)  # noqa: S101 - for mypy: it is parsed above
    first, *options = node.args.args
    missing = len(options) - len(node.args.defaults)
    node.args = ast.arguments(
        posonlyargs=[first],
        args=[],
        kwonlyargs=[*options, *_DISPLAY.args.kwonlyargs],
        kw_defaults=[*[None] * missing, *node.args.defaults, *_DISPLAY.args.kw_defaults],
        defaults=[],
    )
    node.body, node.decorator_list, node.returns = node.body[:1], [], None
    space: dict[str, Any] = {
        "EnvironmentName": EnvironmentName,
        "Annotated": Annotated,
        "Field": _limits,
        "Json": Json,
        "Verbose": Verbose,
    }
    exec(compile(ast.Module([node], []), str(path), "exec"), space)  # noqa: S102 - the project's own source
    declared: Callable[..., None] = space[node.name]
    return declared


def _limits(ge: int | None = None, le: int | None = None) -> Parameter:
    """Stand for pydantic's ``Field``."""
    return Parameter(validator=Number(gte=ge, lte=le))


FLOWS = dict(declared_flows())
if TYPE_CHECKING:
    LogName = str
else:
    LogName = Literal[(*FLOWS, "application")]
