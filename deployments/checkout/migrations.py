"""Migrations of an application's own apps. Pure."""

import ast
from collections.abc import Iterator
from posixpath import basename, dirname

from deployments.checkout.model import Checkout, CheckoutFinding

_SUBJECT = "migrations"


def judge_migrations(checkout: Checkout, manage: tuple[str, ...]) -> Iterator[CheckoutFinding]:
    """Yield what is found about each app that has models."""
    command = " ".join(manage)
    apps = sorted(set(_apps(checkout)))
    faults = [fault for app in apps for fault in _judged(checkout, app, command)]
    yield from faults
    if apps and not faults:
        names = ", ".join(basename(app) or "." for app in apps)
        yield CheckoutFinding("fits", _SUBJECT, f"Each app with models has migrations with one end: {names}.")


def _apps(checkout: Checkout) -> Iterator[str]:
    for path in checkout.python():
        folder = dirname(path)
        if basename(path) == "models.py" or basename(folder) == "models":
            tree = checkout.tree(path)
            if tree is not None and any(_is_model(node) for node in tree.body):
                yield dirname(folder) if basename(folder) == "models" else folder


def _is_model(node: ast.stmt) -> bool:
    """Whether a class is a model with a table of its own."""
    if not isinstance(node, ast.ClassDef) or not any("Model" in ast.unparse(base) for base in node.bases):
        return False
    return not any(
        isinstance(item, ast.Assign)
        and ast.unparse(item) in ("abstract = True", "managed = False", "proxy = True")
        for meta in node.body
        if isinstance(meta, ast.ClassDef)
        for item in meta.body
    )


def _judged(checkout: Checkout, app: str, command: str) -> Iterator[CheckoutFinding]:
    folder = f"{app}/migrations/" if app else "migrations/"
    label = basename(app)
    paths = [
        path
        for path in checkout.files
        if dirname(path) + "/" == folder and path.endswith(".py") and basename(path) != "__init__.py"
    ]
    if not paths:
        yield CheckoutFinding(
            "change",
            _SUBJECT,
            f"{app or label}/models.py has models and no migrations: its tables would never be made.",
            code=(f"{command} makemigrations {label}", "# and commit what it writes"),
        )
    needed: set[str] = set()
    names = set()
    for path in paths:
        tree = checkout.tree(path)
        if tree is None:
            yield CheckoutFinding("change", _SUBJECT, f"{path} is no Python that can be read.")
            continue
        names.add(basename(path).removesuffix(".py"))
        needed |= set(_named(tree, label))
    ends = sorted(name for name in names - needed if name[:1] != "_")
    if len(ends) > 1:
        yield CheckoutFinding(
            "change",
            _SUBJECT,
            f"{label} has {len(ends)} last migrations ({', '.join(ends)}): Django refuses to migrate.",
            code=(f"{command} makemigrations --merge {label}",),
        )


def _named(tree: ast.Module, label: str) -> Iterator[str]:
    """Yield the app's own migrations that a migration depends on, or stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            first, second = node.elts
            if isinstance(first, ast.Constant) and isinstance(second, ast.Constant) and first.value == label:
                yield str(second.value)
