"""Values that a settings module has in a task, as far as its text tells. Pure."""

import ast
import operator
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
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
    Names,
    Open,
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
_OPERATORS: Mapping[type[ast.AST], Any] = {
    ast.Add: added,
    ast.Div: operator.truediv,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda item, items: item in items,
    ast.Not: operator.not_,
}


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
        places = (normpath(join(root, module.replace(".", "/"))) for root in self._roots if module)
        files = (name for place in places for name in (f"{place}.py", f"{place}/__init__.py"))
        return next((name for name in files if name in self.checkout.files), "")

    def module(self, name: str) -> Names | None:
        """Return a module's names; None where the checkout has no such module."""
        path = self.find(name)
        if path and path not in self._modules:
            names = self._modules[path] = {"__file__": f"{CODE}/{path}"}
            tree = self.checkout.tree(path)
            if tree is None:
                self.unread.append(path)
            elif len(self._modules) <= _MOST:
                package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
                _Scope(self, names, package).run(tree.body)
        return self._modules.get(path)

    def evaluate(self, node: ast.expr) -> Any:
        """Return what an expression is where no names are known."""
        return _Scope(self, {}, "").value(node)


class _Scope:
    """Statements change names; expressions give values."""

    def __init__(self, evaluator: Evaluator, names: Names, package: str) -> None:
        self.evaluator = evaluator
        self.names = names
        self.package = package

    def run(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            with suppress(*FAULTS):
                self._carry_out(statement)

    def _carry_out(self, statement: ast.stmt) -> None:
        match statement:
            case ast.ImportFrom():
                self._import(statement)
            case ast.Assign(targets=targets, value=value):
                found = self.value(value)
                for target in targets:
                    self._bind(target, found)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._bind(target, self.value(value))
            case ast.AugAssign(target=target, op=sign, value=value):
                self._bind(target, self._apply(sign, target, value))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=target, attr="update"), args=[given])):
                self._bind(target, lift(operator.or_, *self._all(target, given)))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=target, attr="append"), args=[given])):
                self._bind(target, lift(lambda old: [*old, self.value(given)], self.value(target)))
            case ast.If():
                self._branch(statement)
            case ast.Try(body=body, orelse=orelse, finalbody=final):
                self.run([*body, *orelse, *final])

    def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Subscript):
            table, key = self._all(target.value, target.slice)
            self._bind(target.value, lift(lambda old, at: {**old, at: value}, table, key))

    def _import(self, node: ast.ImportFrom) -> None:
        parts = self.package.split(".")
        base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
        module = ".".join(filter(None, (base, node.module)))
        found = self.evaluator.module(module) if module else None
        for alias in node.names:
            if alias.name == "*":
                self.names.update({key: item for key, item in (found or {}).items() if key[0] != "_"})
            elif found is not None:
                self.names[alias.asname or alias.name] = found.get(alias.name, UNKNOWN)

    def _branch(self, node: ast.If) -> None:
        known = truth(self.value(node.test))
        other = _Scope(self.evaluator, dict(self.names), self.package)
        if known is not False:
            self.run(node.body)
        if known is not True:
            (self if known is False else other).run(node.orelse)
        for key in {*self.names, *other.names} if known is None else ():
            first, second = self.names.get(key, UNKNOWN), other.names.get(key, UNKNOWN)
            if first is not second:
                self.names[key] = one_of(first, second)

    def value(self, node: ast.expr) -> Any:
        """Return what an expression is."""
        try:
            return self._evaluate(node)
        except FAULTS:
            return UNKNOWN

    def _all(self, *nodes: ast.expr) -> list[Any]:
        return [self.value(node) for node in nodes]

    def _apply(self, sign: ast.AST, *nodes: ast.expr) -> Any:
        return lift(_OPERATORS[type(sign)], *self._all(*nodes))

    def _evaluate(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.names.get(name, UNKNOWN)
            case ast.NamedExpr(target=target, value=value):
                self._bind(target, self.value(value))
                return self.value(target)
            case ast.BinOp(left=left, op=sign, right=right):
                return self._apply(sign, left, right)
            case ast.Compare(left=left, ops=[sign], comparators=[right]):
                return self._apply(sign, left, right)
            case ast.UnaryOp(op=sign, operand=operand):
                return self._apply(sign, operand)
            case ast.BoolOp(op=sign, values=values):
                return _either(isinstance(sign, ast.Or), self._all(*values))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                known, both = truth(self.value(test)), self._all(body, orelse)
                return one_of(*both) if known is None else both[not known]
        return self._made(node)

    def _made(self, node: ast.expr) -> Any:
        match node:
            case ast.JoinedStr(values=values):
                return lift(lambda *parts: "".join(map(str, parts)), *self._all(*values))
            case ast.FormattedValue(value=value):
                return self.value(value)
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return [value for item in items for value in self._spread(item)]
            case ast.Dict(keys=keys, values=values):
                return self._table(keys, values)
            case ast.ListComp() | ast.GeneratorExp():
                item = node.generators[0]
                return lift(lambda values: list(self._each(node.elt, item, values)), self.value(item.iter))
            case ast.Subscript(value=container, slice=key):
                if ast.unparse(container).endswith("environ"):
                    return self._variable(self.value(key))
                return lift(operator.getitem, *self._all(container, key))
            case ast.Attribute(value=value, attr="parent" | "parents" | "name" as name):
                return lift(operator.attrgetter(name), self.value(value))
            case ast.Call():
                return self._call(node)
        return UNKNOWN

    def _spread(self, item: ast.expr) -> list[Any]:
        value = self.value(item.value if isinstance(item, ast.Starred) else item)
        return value if isinstance(item, ast.Starred) and isinstance(value, list) else [value]

    def _table(self, keys: list[ast.expr | None], values: list[ast.expr]) -> Names:
        found: Names = {}
        for key, item in zip(keys, self._all(*values), strict=True):
            if key is not None:
                found[self.value(key)] = item
            elif isinstance(item, dict):
                found |= item
        return found

    def _each(self, element: ast.expr, item: ast.comprehension, values: list[Any]) -> Iterator[Any]:
        for value in values:
            inner = _Scope(self.evaluator, dict(self.names), self.package)
            inner._bind(item.target, value)
            if all(truth(inner.value(test)) is not False for test in item.ifs):
                yield inner.value(element)

    def _call(self, node: ast.Call) -> Any:
        function = ast.unparse(node.func)
        last = function.rpartition(".")[2]
        given = self._all(*node.args)
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else UNKNOWN
        if receiver != UNKNOWN:
            return lift(METHODS[last], receiver, *given)
        if last in PATHS or function in CASTS:
            return lift(PATHS.get(last) or CASTS[function], *given)
        if function in ("map", "filter"):  # they strip, as a rule
            return lift(list, *given[1:])
        if function.endswith("dj_database_url.parse"):
            found = lift(parse_database_url, *given[:1])
            return replace(found, whole=True) if isinstance(found, Open) else found
        return self._read(node, last, given)

    def _read(self, node: ast.Call, function: str, given: list[Any]) -> Any:
        """Return what a call that names an environment variable gives."""
        keywords = {item.arg: self.value(item.value) for item in node.keywords}
        default = keywords.get("default", given[1] if len(given) > 1 else UNKNOWN)
        if function in ("db", "db_url", "dj_db_url") or ast.unparse(node.func) == "dj_database_url.config":
            name = keywords.get("env", given[0] if given else "DATABASE_URL")
            return self._variable(name, lift(parse_database_url, default))
        if not _VARIABLE.match(given[0]):
            return UNKNOWN
        found = self._variable(given[0], default)
        flag = function == "bool" or any(ast.unparse(item.value) == "bool" for item in node.keywords)
        return found.lower() in _TRUE if flag and isinstance(found, str) else found

    def _variable(self, name: Any, default: Any = UNKNOWN) -> Any:
        known = isinstance(name, str) and _NAME.match(name)
        return self.evaluator.given.get(name) or Open((default,), name) if known else UNKNOWN


def _either(wanted: bool, values: list[Any]) -> Any:
    """Return what ``or`` (wanted) or ``and`` makes of the values."""
    first, *rest = values
    if not rest or truth(first) is wanted:
        return first
    if truth(first) is not None:
        return _either(wanted, rest)
    if wanted and first.variable and first.default in (UNKNOWN, None, ""):
        return replace(first, options=(_either(wanted, rest),))
    return one_of(first, _either(wanted, rest))
