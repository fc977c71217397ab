"""Environment variables that an application's code reads. Pure."""

import ast
import re
from collections.abc import Iterator

from deployments.checkout.application import DjangoApplication
from deployments.checkout.model import CheckoutFinding
from deployments.checkout.values import FromVariable

SET = (
    "ALLOWED_HOSTS",
    "DATA_PATH",
    "DATABASE_PATH",
    "ENVIRONMENT",
    "PORT",
    "RELEASE",
    "DJANGO_SETTINGS_MODULE",
)
"""Variables that the pipeline sets itself."""
_SYSTEM = ("PYTHON_VERSION", "HOME", "PATH", "USER", "HOSTNAME", "TZ", "LANG")
_SECRET = re.compile(r"SECRET|KEY|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|DSN|DATABASE_URL|_PASS$")
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*\Z")
_HELPERS = ("decouple", "starlette.config")


def is_secret(name: str) -> bool:
    """Whether a variable's name tells that its value is secret."""
    return _SECRET.search(name.upper()) is not None


def judge_variables(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    """Yield what the code demands."""
    known = {*SET, *_SYSTEM, *application.stage.environment}
    needed = sorted({name for name in _required(application) if name not in known})
    secret = [name for name in needed if is_secret(name)]
    plain = [name for name in needed if not is_secret(name)]
    if secret:
        text = f"The code demands {', '.join(secret)}: values go to Secrets Manager by sync-secrets."
        yield CheckoutFinding("configure", "secrets", text, {"secret_keys": secret})
    if plain:
        text = f"The code demands {', '.join(plain)}; what nobody may see goes to `secret_keys` instead."
        yield CheckoutFinding("configure", "variables", text, ask=tuple(plain))
    yield from _judge_key(application, secret)


def _judge_key(application: DjangoApplication, told: list[str]) -> Iterator[CheckoutFinding]:
    key = application.settings.get("SECRET_KEY")
    if isinstance(key, FromVariable) and key.name not in told:
        text = f"SECRET_KEY is taken from {key.name}."
        yield CheckoutFinding("configure", "secrets", text, {"secret_keys": [key.name]})
    elif isinstance(key, str):
        text = "SECRET_KEY stands in the code: whoever reads the code can sign sessions."
        code = ('SECRET_KEY = os.environ["SECRET_KEY"]',)
        yield CheckoutFinding("change", "secrets", text, {"secret_keys": ["SECRET_KEY"]}, code)


def _required(application: DjangoApplication) -> Iterator[str]:
    """Yield the variables without which the code fails."""
    for path in application.checkout.python():
        tree = application.checkout.tree(path)
        if tree is not None and "manage.py" not in path:
            helpers, declared = set(_helpers(tree)), set(_declared(tree))
            for node in _unguarded(tree):
                yield from (name for name in _read(node, helpers) if name not in declared)


def _unguarded(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is below a node, but nothing that an `if` on environment variables may leave out."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        if not (
            isinstance(found, ast.If | ast.IfExp)
            and re.search(r"environ|getenv|\benv\b", ast.unparse(found.test))
        ):
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
            if (
                called in helpers
                and _NAME.match(name)
                and not any(item.arg == "default" for item in keywords)
            ):
                yield name
