"""Facts about a Django application, gathered from its checkout's files. Pure."""

import ast
import re
from collections.abc import Iterator
from posixpath import basename, dirname, relpath

from deployments.checkout.dockerfile import Dockerfile, Stage
from deployments.checkout.evaluate import Evaluator
from deployments.checkout.model import Checkout
from deployments.checkout.requirements import required_packages
from deployments.checkout.start import PORT, find_server, names_server
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


class DjangoApplication:
    """Facts about the application of a checkout, with the Dockerfile and the stage of it that are named."""

    def __init__(self, checkout: Checkout, dockerfile: str = "", target: str = "") -> None:
        self.checkout = checkout
        self.manage_file = next(iter(checkout.named("manage.py")), "")
        path = dockerfile or next(iter((*checkout.named("Dockerfile"), *self._other_dockerfiles())), "")
        inside = dirname(path) and dirname(self.manage_file).startswith(dirname(path))
        self.context = dirname(path) if inside else ""
        """Build context inside the checkout; "" is all of it."""
        self.dockerfile = relpath(path, self.context or ".") if path else ""
        """Dockerfile inside the build context; "" where there is none."""
        self.recipe = Dockerfile(checkout.text(path))
        self.stage = self.recipe.stage(target) or Stage("")
        self.has_command = bool(self.stage.started)
        """Whether the image, and not only a script beside it, starts something."""
        if not self.has_command:
            self.stage.command = self._own_start()
        self.server = find_server(checkout, self.stage)
        self.requirements = required_packages(checkout, self.recipe.runs)
        """Packages; none where no file names them."""
        roots = tuple(dict.fromkeys((dirname(self.manage_file), "", "src", self.context)))
        self.evaluator = Evaluator(checkout, roots, {**_SET_THERE, **self.stage.environment})
        self.modules = dict(self._modules())
        """Settings modules by the name of the file that chooses them."""
        self.settings_module = self._served()
        """The one that the server has."""
        self.settings: Names = self.evaluator.module(self.settings_module) or {}

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

    def _other_dockerfiles(self) -> list[str]:
        """Return Dockerfiles of other names, those nearest to the top first."""
        found = filter(_OTHERS.search, self.checkout.files)
        return sorted(found, key=lambda path: (path.count("/"), path))

    def _own_start(self) -> tuple[str, ...]:
        """Return the command of a script that starts a server; () where there is none."""
        for path in sorted(self.checkout.files):
            place = self.place(path)
            if path.endswith(".sh") and place and names_server(self.checkout.text(path)):
                return (place,)
        return ()

    def _modules(self) -> Iterator[tuple[str, str]]:
        """Yield what manage.py, wsgi.py and asgi.py set as the settings module."""
        servers = (*self.checkout.named("wsgi.py")[:1], *self.checkout.named("asgi.py")[:1])
        for path in (self.manage_file, *servers):
            for node in self.checkout.walk(path):
                match node:
                    case (
                        ast.Call(args=[ast.Constant(value=name), value])
                        | ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=name))], value=value)
                    ) if name == _MODULE:
                        found = self.evaluator.evaluate(value)
                        found = found.default if isinstance(found, Open) else found
                        if isinstance(found, str) and re.fullmatch(r"\w+(\.\w+)*", found):
                            yield basename(path), found

    def _served(self) -> str:
        """Return the settings module of the server."""
        exported = _EXPORTED.search(self.server.text)
        if exported or _MODULE in self.stage.environment:
            return exported[1] if exported else self.stage.environment[_MODULE]
        wanted = "asgi.py" if re.search(r"asgi\b", self.server.text) else "wsgi.py"
        order = [wanted, "wsgi.py", "asgi.py", "manage.py"]
        if self.server.name == "runserver":
            order.insert(0, "manage.py")
        return next((self.modules[name] for name in order if name in self.modules), "")
