"""Environment variables that an application's code reads. Pure."""

import ast
import re
from collections.abc import Iterator

from deployments.checkout.application import DjangoApplication
from deployments.checkout.model import CheckoutFinding, find
from deployments.checkout.values import Open

SET = frozenset({"ALLOWED_HOSTS", "DATA_PATH", "DATABASE_PATH", "ENVIRONMENT", "PORT", "RELEASE"}) | {
    "DJANGO_SETTINGS_MODULE"
}
"""Variables that the pipeline sets itself."""
_SYSTEM = frozenset({"PYTHON_VERSION", "HOME", "PATH", "USER", "HOSTNAME", "TZ", "LANG"})
_SECRET = re.compile(r"SECRET|KEY|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|DSN|DATABASE_URL|_PASS$")
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*\Z")
_GUARD = re.compile(r"environ|getenv|\benv\b")
_HELPERS = ("decouple", "starlette.config")


def judge_variables(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    """Yield what the code demands."""
    needed = sorted(_required(application) - SET - _SYSTEM - set(application.stage.environment))
    secret = [name for name in needed if _SECRET.search(name.upper())]
    plain = [name for name in needed if name not in secret]
    if secret:
        yield find("secrets", {"secret_keys": secret}, names=", ".join(secret))
    if plain:
        yield find("variables", ask=tuple(plain), names=", ".join(plain))
    key = application.settings.get("SECRET_KEY")
    if isinstance(key, Open) and key.variable and key.variable not in secret:
        yield find("key-by-variable", {"secret_keys": [key.variable]}, variable=key.variable)
    elif isinstance(key, str):
        yield find("key-in-code")


def _required(application: DjangoApplication) -> set[str]:
    """Return the variables without which the code fails."""
    found: set[str] = set()
    for path in application.checkout.python():
        tree = application.checkout.tree(path)
        if tree is not None and "manage.py" not in path:
            helpers, declared = set(_helpers(tree)), set(_declared(tree))
            found |= {name for node in _unguarded(tree) for name in _read(node, helpers)} - declared
    return found


def _unguarded(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is below a node, but nothing that an `if` on environment variables may leave out."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        if not (isinstance(found, ast.If | ast.IfExp) and _GUARD.search(ast.unparse(found.test))):
            waiting += ast.iter_child_nodes(found)


def _helpers(tree: ast.Module) -> Iterator[str]:
    """Yield the names of what reads variables by call: ``env`` of django-environ or environs, ``config``."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=module, names=names):
                wanted = ("env", "config") if module in _HELPERS else ("env",)
                yield from ((item.asname or item.name) for item in names if item.name in wanted)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=function)):
                if ast.unparse(function).endswith(("Env", "AutoConfig")):
                    yield name


def _declared(tree: ast.Module) -> Iterator[str]:
    """Yield the variables to which ``environ.Env(NAME=(bool, False))`` gives a default."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Env"):
            yield from (item.arg for item in node.keywords if item.arg and isinstance(item.value, ast.Tuple))


def _read(node: ast.AST, helpers: set[str]) -> Iterator[str]:
    match node:
        case ast.Subscript(value=container, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
            if ast.unparse(container).rpartition(".")[2] == "environ" and _NAME.match(name):
                yield name
        case ast.Call(func=function, args=[ast.Constant(value=str(name))], keywords=keywords):
            called = ast.unparse(function).partition(".")[0]
            if called in helpers and _NAME.match(name) and "default" not in {item.arg for item in keywords}:
                yield name
