"""Paths at which an application says that it is healthy. Pure."""

import ast
import re
from collections.abc import Iterator

from deployments.checkout.application import DjangoApplication
from deployments.checkout.model import CheckoutFinding

_SUBJECT = "health"
_HEALTHY = re.compile(
    r"^_?(health(z|[-_]?check)?|healthcheck|ping|status|ready(z|ness)?|live(z|ness)?|alive|heartbeat|ht|up)$"
)
_DEEPEST = 5


def judge_health(application: DjangoApplication) -> tuple[CheckoutFinding, str]:
    """Return what is found, and the health path."""
    routes = list(_routes(application))
    own = [route for route in routes if _is_health(route)]
    beside = [path for path in _of_middleware(application) if _is_health(path)]
    path = min(own or beside, key=lambda route: (route.count("/"), len(route)), default="")
    if path:
        where = "A route" if own else "A middleware"
        return CheckoutFinding("configure", _SUBJECT, f"{where} looks like it.", {"health_path": path}), path
    if "/admin/" in routes:
        text = "No route looks like a health page; the admin's login page will do. Better is one of its own."
        return CheckoutFinding("configure", _SUBJECT, text, {"health_path": "/admin/login/"}), "/admin/login/"
    code = (
        "# urls.py",
        "from django.http import HttpResponse",
        'urlpatterns += [path("health/", lambda request: HttpResponse("ok"))]',
    )
    text = (
        "No route looks like a health page, which load balancer and pipeline ask. Add one, or name another."
    )
    return CheckoutFinding("change", _SUBJECT, text, {"health_path": "/health/"}, code), "/health/"


def _is_health(path: str) -> bool:
    parts = path.strip("/").split("/")
    return _HEALTHY.match(parts[-1].lower()) is not None and not re.search(r"[<\s]", path)


def _routes(application: DjangoApplication) -> Iterator[str]:
    module = application.settings.get("ROOT_URLCONF")
    if isinstance(module, str):
        yield from _below(application, module, "/", 0)
    else:
        for path in application.checkout.named("urls.py")[:1]:
            yield from _of_tree(application, application.checkout.tree(path), "/", 0)


def _below(application: DjangoApplication, module: str, prefix: str, depth: int) -> Iterator[str]:
    path = application.evaluator.find(module)
    if path and depth < _DEEPEST:
        yield from _of_tree(application, application.checkout.tree(path), prefix, depth)


def _of_tree(
    application: DjangoApplication, tree: ast.Module | None, prefix: str, depth: int
) -> Iterator[str]:
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Call(func=ast.Name(id="path" | "re_path" | "url"), args=[place, view, *_]):
                text = place.value if isinstance(place, ast.Constant) else ""
                route = prefix + _plain(str(text))
                included = _included(view)
                if included:
                    yield from _below(application, included, route, depth + 1)
                else:
                    yield route


def _plain(text: str) -> str:
    """Return a route, or a regular expression that is none but in its ends, as text."""
    return re.sub(r"^\^|/?\??\$$|\\Z$", lambda found: "/" if found[0].startswith("/") else "", text).lstrip(
        "/"
    )


def _included(view: ast.expr) -> str:
    match view:
        case ast.Call(func=ast.Name(id="include"), args=[ast.Constant(value=str(module)), *_]):
            return module
        case ast.Call(
            func=ast.Name(id="include"), args=[ast.Tuple(elts=[ast.Constant(value=str(module)), *_]), *_]
        ):
            return module
    return ""


def _of_middleware(application: DjangoApplication) -> Iterator[str]:
    """Yield the paths that the application's own middleware compares with."""
    named = application.settings.get("MIDDLEWARE")
    for name in named if isinstance(named, list) else ():
        path = application.evaluator.find(name.rpartition(".")[0]) if isinstance(name, str) else ""
        tree = application.checkout.tree(path) if path else None
        for node in ast.walk(tree) if tree else ():
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.match(r"^/[\w./-]+$", node.value)
            ):
                yield node.value
