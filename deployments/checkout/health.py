"""Paths at which an application says that it is healthy. Pure."""

import ast
import re
from collections.abc import Iterator

from deployments.checkout.application import DjangoApplication
from deployments.checkout.model import CheckoutFinding, find

_HEALTHY = re.compile(
    r"^_?(health(z|[-_]?check)?|healthcheck|ping|status|ready(z|ness)?|live(z|ness)?|alive|heartbeat|ht|up)$"
)
_DEEPEST = 5


def judge_health(application: DjangoApplication) -> tuple[CheckoutFinding, str]:
    """Return what is found, and the health path."""
    module = application.settings.get("ROOT_URLCONF")
    top = application.evaluator.find(module) if isinstance(module, str) else ""
    path = top or next(iter(application.checkout.named("urls.py")), "")
    routes = list(_routes(application, path, "/", 0))
    for where, paths in (("A route", routes), ("A middleware", _of_middleware(application))):
        healthy = [path for path in paths if _is_health(path)]
        if healthy:
            path = min(healthy, key=lambda route: (route.count("/"), len(route)))
            return find("health", {"health_path": path}, where=where), path
    path = "/admin/login/" if "/admin/" in routes else "/health/"
    return find("health-by-admin" if "/admin/" in routes else "no-health", {"health_path": path}), path


def _is_health(path: str) -> bool:
    last = path.strip("/").split("/")[-1]
    return _HEALTHY.match(last.lower()) is not None and not re.search(r"[<\s]", path)


def _routes(application: DjangoApplication, path: str, prefix: str, depth: int) -> Iterator[str]:
    for node in application.checkout.walk(path) if depth < _DEEPEST else ():
        match node:
            case ast.Call(func=ast.Name(id="path" | "re_path" | "url"), args=[place, view, *_]):
                text = str(place.value) if isinstance(place, ast.Constant) else ""
                route = prefix + re.sub(r"/?\??\$$|\\Z$", _slash, text.removeprefix("^")).lstrip("/")
                included = re.match(r"include\(\(?'([\w.]+)'", ast.unparse(view))
                if included:
                    below = application.evaluator.find(included[1])
                    yield from _routes(application, below, route, depth + 1)
                else:
                    yield route


def _slash(end: re.Match[str]) -> str:
    """Return what the end of a regular expression stands for."""
    return "/" if end[0].startswith("/") else ""


def _of_middleware(application: DjangoApplication) -> Iterator[str]:
    """Yield the paths that the application's own middleware compares with."""
    named = application.settings.get("MIDDLEWARE")
    for name in named if isinstance(named, list) else ():
        path = application.evaluator.find(name.rpartition(".")[0]) if isinstance(name, str) else ""
        for node in application.checkout.walk(path):
            if isinstance(node, ast.Constant) and re.match(r"^/[\w./-]+$", str(node.value)):
                yield str(node.value)
