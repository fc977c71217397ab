"""Which IAM actions the engine's code calls, read from its syntax trees and botocore's service models."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import boto3
from support.rights.asks import action_of
from terraform_command import PROJECT

# Terraform, and the flows that guard its state, use the credentials of an administrator.
ADMINISTRATOR = {"doctor", "state", "terraform"}


def called_actions() -> dict[str, set[str]]:
    """Return the files that call each IAM action, without the packages that are the administrator's."""
    found: dict[str, set[str]] = {}
    for package in sorted(path for path in (PROJECT / "pipeline").iterdir() if path.is_dir()):
        if package.name not in ADMINISTRATOR:
            for file, action in _package_actions(package):
                found.setdefault(action, set()).add(str(file.relative_to(PROJECT)))
    return found


def _package_actions(package: Path) -> Iterator[tuple[Path, str]]:
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in package.rglob("*.py")}
    services = {name for tree in trees.values() for name in _clients(tree)}
    for file, tree in trees.items():
        for method in _methods(tree):
            yield from ((file, action) for action in _actions(services, method))


def _clients(tree: ast.AST) -> Iterator[str]:
    """Yield the services whose client is built: ``anything.client("ecs")``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "client":
            yield from _strings(node)


def _methods(tree: ast.AST) -> Iterator[str]:
    """Yield what may be a client's method: attributes, and strings handed to paginators and the like."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call):
            yield from _strings(node)


def _strings(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value


def _actions(services: set[str], method: str) -> Iterator[str]:
    for service in services:
        operation = _operations(service).get(method)
        action = action_of(service, operation) if operation else None
        if action:
            yield action


@cache
def _operations(service: str) -> dict[str, str]:
    return dict(boto3.client(service, region_name="af-south-1").meta.method_to_api_mapping)
