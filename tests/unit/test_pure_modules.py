"""A module that calls itself pure imports nothing that asks the world, not even through another module."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("pipeline", "tasks", "flows", "blocks", "deployments")
IMPURE = frozenset(
    {
        *("boto3", "botocore", "docker", "httpx", "http", "prefect", "python_terraform", "urllib.request"),
        *(
            "asyncio",
            "os",
            "random",
            "secrets",
            "shutil",
            "socket",
            "subprocess",
            "tempfile",
            "threading",
            "time",
        ),
    }
)
"""Network, processes, files, chance and the clock."""


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_name(path): path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}


def _is_pure(tree: ast.Module) -> bool:
    return re.search(r"\bPure\b", ast.get_docstring(tree) or "") is not None


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


PURE = sorted(module for module in MODULES if _is_pure(_tree(module)))


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield what is imported when the module is; what only a type checker sees is left out."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{item.name}" for item in node.names)


def _reached(module: str) -> Iterator[tuple[str, str]]:
    """Yield each import of the module and of what it imports of ours, with who imports it."""
    seen, waiting = {module}, [module]
    while waiting:
        importer = waiting.pop()
        for name in _imports(_tree(importer)):
            yield importer, name
            if name in MODULES and name not in seen:
                seen.add(name)
                waiting.append(name)


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_asks_nobody(module: str) -> None:
    """Its decisions need no server, no clock and no fake to be tested."""
    reached = [
        f"{importer} imports {name}"
        for importer, name in _reached(module)
        if name in IMPURE or name.partition(".")[0] in IMPURE
    ]
    assert reached == []


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_is_told_the_time(module: str) -> None:
    """The present moment comes in as a value."""
    called = {f"{ast.unparse(node.func)}()" for node in ast.walk(_tree(module)) if isinstance(node, ast.Call)}
    assert called & {"datetime.now()", "datetime.utcnow()", "date.today()", "utc_now()"} == set()


def test_an_import_by_way_of_another_module_is_found() -> None:
    """The check sees what the decision on rollouts would reach if it imported the service."""
    assert ("pipeline.aws.access", "boto3") in set(_reached("pipeline.ecs.service"))
    assert "pipeline.ecs.rollout" in PURE
