"""Facts about a Django application, gathered from its checkout's files. Pure."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import basename, dirname, relpath

from deployments.checkout.dockerfile import Dockerfile, Stage, read_dockerfile_text
from deployments.checkout.evaluate import Evaluator
from deployments.checkout.model import Checkout
from deployments.checkout.requirements import Requirements, read_requirements
from deployments.checkout.start import ServerFacts, find_server, names_server
from deployments.checkout.values import FromVariable, Names

DATA = "/data"
DATABASE = f"{DATA}/db.sqlite3"
PORT = 8000
HIGHEST = 65535
_MODULE = "DJANGO_SETTINGS_MODULE"
_EXPORTED = re.compile(rf"{_MODULE}=['\"]?([\w.]+)")
_PROGRAMS = ("/bin", "/usr/bin", "/usr/local/bin")
_RUNNERS = ("poetry", "pipenv", "uv", "pdm")


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
    server: ServerFacts
    requirements: Requirements
    evaluator: Evaluator
    manage_file: str
    modules: Mapping[str, str] = field(default_factory=dict)
    """Settings modules by the file that chooses them."""
    settings_module: str = ""
    """The one that the server has."""
    settings: Names = field(default_factory=dict)

    @property
    def port(self) -> int:
        """Port that it is asked on."""
        named = (port for port in (self.server.port, *self.stage.ports) if port and port <= HIGHEST)
        return next(named, PORT)

    @property
    def manage(self) -> tuple[str, ...]:
        """Words that management commands are given to, in the image's working directory."""
        started = self.stage.started
        script = self.place(self.manage_file) if self.manage_file else ""
        path = relpath(script, self.stage.folder) if script else basename(self.manage_file) or "manage.py"
        if started[:1] and started[0] in _RUNNERS and started[1:2] == ("run",):
            return (*started[:2], "python", path)
        folder = dirname(started[0]) if started else ""
        known = (*_PROGRAMS, *self.stage.environment.get("PATH", "").split(":"))
        if folder.endswith("/bin") and folder not in known:
            return (f"{folder}/python", path)
        plain = self.stage.base.partition(":")[0].endswith(("debian", "ubuntu", "alpine"))
        return ("python3" if plain else "python", path)

    def place(self, path: str) -> str:
        """Return where a file of the checkout lies in the image; "" where that cannot be told."""
        inside = path.removeprefix(f"{self.context}/") if self.context else path
        return self.stage.place(inside)


def gather(checkout: Checkout, dockerfile: str = "", target: str = "") -> DjangoApplication:
    """Gather the facts, with the Dockerfile and the stage of it that are named."""
    manage = next(iter(checkout.named("manage.py")), "")
    path = dockerfile or _dockerfile(checkout)
    context = dirname(path) if dirname(path) and dirname(manage).startswith(dirname(path)) else ""
    recipe = read_dockerfile_text(checkout.text(path), target)
    stage = recipe.stage or Stage("")
    if not stage.started:
        stage = replace(stage, command=_own_start(checkout, stage, context))
    server = find_server(checkout, stage, next(iter(stage.ports), PORT))
    set_there = {"ALLOWED_HOSTS": "*", "DATA_PATH": DATA, "DATABASE_PATH": DATABASE, "PORT": str(PORT)}
    roots = tuple(dict.fromkeys((dirname(manage), "", "src", context)))
    evaluator = Evaluator(checkout, roots, {**set_there, **stage.environment})
    modules = dict(_modules(checkout, evaluator, manage))
    module = _served(stage, server, modules)
    return DjangoApplication(
        checkout,
        context,
        relpath(path, context or ".") if path else "",
        recipe,
        stage,
        server,
        read_requirements(checkout, recipe.runs),
        evaluator,
        manage,
        modules,
        module,
        evaluator.module(module) or {} if module else {},
    )


def _own_start(checkout: Checkout, stage: Stage, context: str) -> tuple[str, ...]:
    """Return the command of a script that starts a server; () where there is none."""
    for path in sorted(checkout.files):
        place = stage.place(path.removeprefix(f"{context}/") if context else path)
        if path.endswith(".sh") and place and names_server(checkout.text(path)):
            return (place,)
    return ()


def _dockerfile(checkout: Checkout) -> str:
    """Return the Dockerfile, or the one of another name that is nearest to the top."""
    others = (
        path for path in checkout.files if re.search(r"(^|/)(Dockerfile\.[\w.-]+|[\w-]+\.Dockerfile)$", path)
    )
    found = (*checkout.named("Dockerfile"), *sorted(others, key=lambda path: (path.count("/"), path)))
    return next((path for path in found if not path.endswith("ignore")), "")


def _modules(checkout: Checkout, evaluator: Evaluator, manage: str) -> Iterator[tuple[str, str]]:
    """Yield what manage.py, wsgi.py and asgi.py set as the settings module."""
    for path in (manage, *checkout.named("wsgi.py")[:1], *checkout.named("asgi.py")[:1]):
        tree = checkout.tree(path) if path else None
        for node in ast.walk(tree) if tree else ():
            match node:
                case ast.Call(args=[ast.Constant(value=name), value]) if name == _MODULE:
                    found = evaluator.evaluate(value)
                case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=name))], value=value) if (
                    name == _MODULE
                ):
                    found = evaluator.evaluate(value)
                case _:
                    continue
            found = found.default if isinstance(found, FromVariable) else found
            if isinstance(found, str) and re.fullmatch(r"\w+(\.\w+)*", found):
                yield path, found


def _served(stage: Stage, server: ServerFacts, modules: Mapping[str, str]) -> str:
    """Return the settings module of the server."""
    exported = _EXPORTED.search(server.text)
    if exported or _MODULE in stage.environment:
        return exported[1] if exported else stage.environment[_MODULE]
    asgi = re.search(r"[\w.]*asgi\b", server.text)
    wanted = "asgi.py" if asgi else "wsgi.py"
    chosen = {basename(path): module for path, module in modules.items()}
    by_server = chosen.get(wanted) or chosen.get("wsgi.py") or chosen.get("asgi.py")
    manages = server.name == "runserver" or not by_server
    return (chosen.get("manage.py") if manages else by_server) or by_server or ""
