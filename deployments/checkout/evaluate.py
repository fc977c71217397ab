"""Values that a settings module has in a task, as far as its text tells. Pure."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from operator import truediv
from posixpath import join, normpath
from typing import Any

from deployments.checkout.model import Checkout
from deployments.checkout.values import (
    CASTS,
    CODE,
    FAULTS,
    METHODS,
    PATHS,
    UNKNOWN,
    FromVariable,
    Names,
    Unknown,
    added,
    lift,
    one_of,
    parse_database_url,
    truth,
)

_VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]*$")
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*\Z")
_TRUE = ("1", "true", "yes", "on", "t", "y")
_MOST = 40
"""Modules that are followed."""


class Evaluator:
    """Modules of a checkout with the values of their names, where the variables ``given`` are set."""

    def __init__(self, checkout: Checkout, roots: tuple[str, ...], given: Mapping[str, str]) -> None:
        self.checkout = checkout
        self.given = given
        self.unread: list[str] = []
        """Files that are no Python."""
        self._roots = roots
        self._modules: dict[str, Names] = {}

    def find(self, module: str) -> str:
        """Return a module's file; "" where the checkout has none."""
        places = (normpath(join(root, module.replace(".", "/"))) for root in self._roots)
        files = (name for place in places for name in (f"{place}.py", f"{place}/__init__.py"))
        return next((name for name in files if name in self.checkout.files), "")

    def module(self, name: str) -> Names | None:
        """Return a module's names; None where the checkout has no such module."""
        path = self.find(name)
        if not path:
            return None
        if path not in self._modules:
            names = self._modules[path] = {"__file__": f"{CODE}/{path}"}
            tree = self.checkout.tree(path)
            if tree is None:
                self.unread.append(path)
            elif len(self._modules) <= _MOST:
                package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
                _Scope(self, names, package).run(tree.body)
        return self._modules[path]

    def evaluate(self, node: ast.expr) -> Any:
        """Return what an expression is where no names are known."""
        return _Scope(self, {}, "").value(node)


class _Scope(ast.NodeVisitor):
    """Statements change names; expressions give values."""

    def __init__(self, evaluator: Evaluator, names: Names, package: str) -> None:
        self.evaluator = evaluator
        self.names = names
        self.package = package

    def run(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.value(statement)

    def value(self, node: ast.AST) -> Any:
        try:
            return self.visit(node)
        except FAULTS:
            return UNKNOWN

    def values(self, *nodes: ast.expr) -> list[Any]:
        return [self.value(node) for node in nodes]

    def bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Subscript):
            table, key = self.values(target.value, target.slice)
            self.bind(target.value, lift(lambda old, at: {**old, at: value}, table, key))

    def generic_visit(self, node: ast.AST) -> Any:  # noqa: ARG002 - the visitor's form
        return UNKNOWN

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        parts = self.package.split(".")
        base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
        module = ".".join(filter(None, (base, node.module)))
        found = self.evaluator.module(module) if module else None
        for alias in node.names:
            if alias.name == "*":
                self.names.update({key: item for key, item in (found or {}).items() if key[0] != "_"})
            elif found is not None:
                self.names[alias.asname or alias.name] = found.get(alias.name, UNKNOWN)

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.bind(target, value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.value(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        both = self.values(node.target, node.value)
        self.bind(node.target, lift(added, *both) if isinstance(node.op, ast.Add) else UNKNOWN)

    def visit_Expr(self, node: ast.Expr) -> None:
        match node.value:
            case ast.Call(func=ast.Attribute(value=target, attr="update"), args=[given]):
                self.bind(target, lift(lambda old, new: {**old, **new}, *self.values(target, given)))
            case ast.Call(func=ast.Attribute(value=target, attr="append"), args=[given]):
                self.bind(target, lift(lambda old: [*old, self.value(given)], self.value(target)))

    def visit_If(self, node: ast.If) -> None:
        known = truth(self.value(node.test))
        if known is not None:
            self.run(node.body if known else node.orelse)
            return
        other = _Scope(self.evaluator, dict(self.names), self.package)
        self.run(node.body)
        other.run(node.orelse)
        for key in {*self.names, *other.names}:
            first, second = self.names.get(key, UNKNOWN), other.names.get(key, UNKNOWN)
            if first is not second:
                self.names[key] = one_of(first, second)

    def visit_Try(self, node: ast.Try) -> None:
        self.run([*node.body, *node.orelse, *node.finalbody])

    def visit_With(self, node: ast.With) -> None:
        self.run(node.body)

    def visit_Constant(self, node: ast.Constant) -> Any:
        return node.value

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Any:
        self.bind(node.target, self.value(node.value))
        return self.value(node.target)

    def visit_Name(self, node: ast.Name) -> Any:
        return self.names.get(node.id, UNKNOWN)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
        return lift(lambda *texts: "".join(map(str, texts)), *self.values(*node.values))

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Any:
        return self.value(node.value)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if isinstance(node.op, ast.Div):
            return lift(truediv, *self.values(node.left, node.right))
        return lift(added, *self.values(node.left, node.right)) if isinstance(node.op, ast.Add) else UNKNOWN

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        return (
            lift(lambda value: not value, self.value(node.operand))
            if isinstance(node.op, ast.Not)
            else UNKNOWN
        )

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        return _either(isinstance(node.op, ast.Or), self.values(*node.values))

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        known = truth(self.value(node.test))
        both = self.values(node.body, node.orelse)
        return one_of(*both) if known is None else both[not known]

    def visit_Compare(self, node: ast.Compare) -> Any:
        both = self.values(node.left, node.comparators[0])
        match node.ops:
            case [ast.Eq()]:
                return lift(lambda first, second: first == second, *both)
            case [ast.NotEq()]:
                return lift(lambda first, second: first != second, *both)
            case [ast.In()]:
                return lift(lambda first, second: first in second, *both)
        return UNKNOWN

    def visit_List(self, node: ast.List | ast.Tuple | ast.Set) -> list[Any]:
        found: list[Any] = []
        for item in node.elts:
            starred = isinstance(item, ast.Starred)
            value = self.value(item.value if isinstance(item, ast.Starred) else item)
            found += value if starred and isinstance(value, list) else [value]
        return found

    visit_Tuple = visit_Set = visit_List  # noqa: N815 - the visitor's form

    def visit_Dict(self, node: ast.Dict) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item)
            if key is not None:
                found[self.value(key)] = value
            elif isinstance(value, dict):
                found |= value
        return found

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        container, key = self.values(node.value, node.slice)
        if ast.unparse(node.value).endswith("environ"):
            return self._variable(key, UNKNOWN)
        return lift(lambda value, at: value[at], container, key)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        value = self.value(node.value)
        known = node.attr in ("parent", "parents", "name")
        return lift(lambda path: getattr(path, node.attr), value) if known else UNKNOWN

    def visit_ListComp(self, node: ast.ListComp | ast.GeneratorExp) -> Any:
        item = node.generators[0]
        return lift(lambda values: list(self._each(node.elt, item, values)), self.value(item.iter))

    visit_GeneratorExp = visit_ListComp  # noqa: N815 - the visitor's form

    def visit_Call(self, node: ast.Call) -> Any:
        function = ast.unparse(node.func)
        last = function.rpartition(".")[2]
        given = self.values(*node.args)
        keywords = {item.arg: self.value(item.value) for item in node.keywords}
        default = keywords.get("default", given[1] if len(given) > 1 else UNKNOWN)
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else UNKNOWN
        if not isinstance(receiver, Unknown):
            return lift(METHODS.get(last, lambda *_: UNKNOWN), receiver, *given)
        if last in PATHS or function in CASTS:
            return lift(PATHS.get(last) or CASTS[function], *given)
        if last in ("db", "db_url", "dj_db_url") or function.endswith("dj_database_url.config"):
            name = keywords.get("env", given[0] if given else "DATABASE_URL")
            return self._variable(name, lift(parse_database_url, default))
        if function.endswith("dj_database_url.parse"):
            found = lift(parse_database_url, *given[:1])
            return replace(found, whole=True) if isinstance(found, FromVariable) else found
        if function in ("map", "filter"):  # they strip, as a rule
            return lift(list, *given[1:])
        if given and isinstance(given[0], str) and _VARIABLE.match(given[0]):
            found = self._variable(given[0], default)
            flag = last == "bool" or any(ast.unparse(item.value) == "bool" for item in node.keywords)
            return found.lower() in _TRUE if flag and isinstance(found, str) else found
        return UNKNOWN

    def _each(self, element: ast.expr, item: ast.comprehension, values: list[Any]) -> Iterator[Any]:
        for value in values:
            inner = _Scope(self.evaluator, dict(self.names), self.package)
            inner.bind(item.target, value)
            if all(truth(inner.value(test)) is not False for test in item.ifs):
                yield inner.value(element)

    def _variable(self, name: Any, default: Any) -> Any:
        if not isinstance(name, str) or not _NAME.match(name):
            return UNKNOWN
        return self.evaluator.given.get(name) or FromVariable(name, default)


def _either(wanted: bool, values: list[Any]) -> Any:
    """Return what ``or`` (wanted) or ``and`` makes of the values."""
    first, *rest = values
    if not rest or truth(first) is wanted:
        return first
    if truth(first) is not None:
        return _either(wanted, rest)
    if wanted and isinstance(first, FromVariable) and first.default in (UNKNOWN, None, ""):
        return replace(first, default=_either(wanted, rest))
    return one_of(first, _either(wanted, rest))
