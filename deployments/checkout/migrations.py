"""Migrations of an application's own apps. Pure."""

import ast
import re
from collections.abc import Iterator
from posixpath import basename, dirname

from deployments.checkout.model import Checkout, CheckoutFinding, find

_TABLELESS = re.compile(r"^ +(abstract = True|managed = False|proxy = True)$", re.MULTILINE)


def judge_migrations(checkout: Checkout, manage: tuple[str, ...]) -> Iterator[CheckoutFinding]:
    """Yield what is found about each app that has models."""
    apps = sorted(set(_apps(checkout)))
    faults = [fault for app in apps for fault in _judged(checkout, app, " ".join(manage))]
    yield from faults
    if apps and not faults:
        yield find("migrations", names=", ".join(basename(app) or "." for app in apps))


def _apps(checkout: Checkout) -> Iterator[str]:
    for path in checkout.python():
        folder, tree = dirname(path), checkout.tree(path)
        place = dirname(folder) if basename(folder) == "models" else folder
        if (place != folder or basename(path) == "models.py") and tree and any(map(_is_model, tree.body)):
            yield place


def _is_model(node: ast.stmt) -> bool:
    """Whether a class is a model with a table of its own."""
    if not isinstance(node, ast.ClassDef) or not any("Model" in ast.unparse(base) for base in node.bases):
        return False
    return not any(
        isinstance(item, ast.ClassDef) and _TABLELESS.search(ast.unparse(item)) for item in node.body
    )


def _judged(checkout: Checkout, app: str, command: str) -> Iterator[CheckoutFinding]:
    folder, label = f"{app}/migrations".lstrip("/"), basename(app)
    paths = [path for path in checkout.files if dirname(path) == folder and path.endswith(".py")]
    names = {basename(path).removesuffix(".py") for path in paths} - {"__init__"}
    if not names:
        yield find("no-migrations", app=app or label, command=command, label=label)
    needed = {name for path in paths for name in _named(checkout, path, label)}
    ends = sorted(name for name in names - needed if name[:1] != "_")
    unread = [path for path in paths if checkout.tree(path) is None]
    yield from (find("migration-unread", path=path) for path in unread)
    if len(ends) > 1 and not unread:
        yield find("several-ends", label=label, count=len(ends), names=", ".join(ends), command=command)


def _named(checkout: Checkout, path: str, label: str) -> Iterator[str]:
    """Yield the app's own migrations that a migration depends on, or stands for."""
    for node in checkout.walk(path):
        match node:
            case ast.Tuple(elts=[ast.Constant(value=app), ast.Constant(value=name)]) if app == label:
                yield str(name)
