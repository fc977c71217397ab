"""Facts about a Django application, gathered from its checkout's files. Pure."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename, dirname, relpath

from deployments.checkout.dockerfile import Dockerfile, Stage
from deployments.checkout.evaluate import Evaluator
from deployments.checkout.model import Checkout
from deployments.checkout.requirements import required_packages
from deployments.checkout.start import PORT, ServerFacts, find_server, names_server
from deployments.checkout.values import Names, Open

DATA = "/data"
DATABASE = f"{DATA}/db.sqlite3"
_HIGHEST = 65535
_MODULE = "DJANGO_SETTINGS_MODULE"
_EXPORTED = re.compile(rf"{_MODULE}=['\"]?([\w.]+)")
_OTHERS = re.compile(r"(^|/)(Dockerfile\.(?!.*ignore$)[\w.-]+|[\w-]+\.Dockerfile)$")
_PROGRAMS = ("/bin", "/usr/bin", "/usr/local/bin")
_RUNNERS = ("poetry", "pipenv", "uv", "pdm")
_SET_THERE = {"ALLOWED_HOSTS": "*", "DATA_PATH": DATA, "DATABASE_PATH": DATABASE, "PORT": str(PORT)}


@dataclass(frozen=True)
class DjangoApplication:
    """Facts about the application of a checkout."""

    checkout: Checkout
    context: str
    """Build context inside the checkout; "" is all of it."""
    dockerfile: str
    """Dockerfile inside the build context; "" where there is none."""
    recipe: Dockerfile
    stage: Stage
    has_command: bool
    """Whether the image, and not only a script beside it, starts something."""
    server: ServerFacts
    requirements: frozenset[str]
    """Packages; none where no file names them."""
    evaluator: Evaluator
    manage_file: str
    modules: dict[str, str]
    """Settings modules by the name of the file that chooses them."""
    settings_module: str
    """The one that the server has."""
    settings: Names

    @property
    def port(self) -> int:
        """Port that it is asked on."""
        named = (port for port in (self.server.port, *self.stage.ports) if port and port <= _HIGHEST)
        return next(named, PORT)

    @property
    def manage(self) -> tuple[str, ...]:
        """Words that management commands are given to, in the image's working directory."""
        program, *rest = self.stage.started or ("",)
        script = self.place(self.manage_file) if self.manage_file else ""
        path = relpath(script, self.stage.folder) if script else "manage.py"
        if program in _RUNNERS and rest[:1] == ["run"]:
            return (program, "run", "python", path)
        known = (*_PROGRAMS, *self.stage.environment.get("PATH", "").split(":"))
        if dirname(program).endswith("/bin") and dirname(program) not in known:
            return (f"{dirname(program)}/python", path)
        plain = self.stage.base.partition(":")[0].endswith(("debian", "ubuntu", "alpine"))
        return ("python3" if plain else "python", path)

    def place(self, path: str) -> str:
        """Return where a file of the checkout lies in the image; "" where that cannot be told."""
        return self.stage.place(path.removeprefix(f"{self.context}/") if self.context else path)


def gather(checkout: Checkout, dockerfile: str = "", target: str = "") -> DjangoApplication:
    """Gather the facts, with the Dockerfile and the stage of it that are named."""
    manage = next(iter(checkout.named("manage.py")), "")
    others = [
        name for path in checkout.files if _OTHERS.search(path) for name in checkout.named(basename(path))
    ]
    path = dockerfile or next(iter((*checkout.named("Dockerfile"), *others)), "")
    context = dirname(path) if dirname(path) and dirname(manage).startswith(dirname(path)) else ""
    recipe = Dockerfile(checkout.text(path))
    stage = recipe.stage(target) or Stage("")
    has_command = bool(stage.started)
    if not has_command:
        stage.command = _own_start(checkout, stage, context)
    server = find_server(checkout, stage)
    roots = tuple(dict.fromkeys((dirname(manage), "", "src", context)))
    evaluator = Evaluator(checkout, roots, {**_SET_THERE, **stage.environment})
    modules = dict(_modules(checkout, evaluator, manage))
    module = _served(stage, server, modules)
    return DjangoApplication(
        checkout,
        context,
        relpath(path, context or ".") if path else "",
        recipe,
        stage,
        has_command,
        server,
        required_packages(checkout, recipe.runs),
        evaluator,
        manage,
        modules,
        module,
        evaluator.module(module) or {},
    )


def _own_start(checkout: Checkout, stage: Stage, context: str) -> tuple[str, ...]:
    """Return the command of a script that starts a server; () where there is none."""
    for path in sorted(checkout.files):
        place = stage.place(path.removeprefix(f"{context}/") if context else path)
        if path.endswith(".sh") and place and names_server(checkout.text(path)):
            return (place,)
    return ()


def _modules(checkout: Checkout, evaluator: Evaluator, manage: str) -> Iterator[tuple[str, str]]:
    """Yield what manage.py, wsgi.py and asgi.py set as the settings module."""
    for path in (manage, *checkout.named("wsgi.py")[:1], *checkout.named("asgi.py")[:1]):
        for node in checkout.walk(path):
            match node:
                case (
                    ast.Call(args=[ast.Constant(value=name), value])
                    | ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=name))], value=value)
                ) if name == _MODULE:
                    found = evaluator.evaluate(value)
                    found = found.default if isinstance(found, Open) else found
                    if isinstance(found, str) and re.fullmatch(r"\w+(\.\w+)*", found):
                        yield basename(path), found


def _served(stage: Stage, server: ServerFacts, modules: dict[str, str]) -> str:
    """Return the settings module of the server."""
    exported = _EXPORTED.search(server.text)
    if exported or _MODULE in stage.environment:
        return exported[1] if exported else stage.environment[_MODULE]
    wanted = "asgi.py" if re.search(r"asgi\b", server.text) else "wsgi.py"
    order = [wanted, "wsgi.py", "asgi.py", "manage.py"]
    if server.name == "runserver":
        order.insert(0, "manage.py")
    return next((modules[name] for name in order if modules.get(name)), "")
