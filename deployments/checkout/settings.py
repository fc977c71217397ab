"""Settings, judged by how they work behind a load balancer and beside other tasks. Pure."""

import re
from collections.abc import Iterator, Mapping
from posixpath import basename
from typing import Any

from deployments.checkout.application import DjangoApplication
from deployments.checkout.model import CheckoutFinding
from deployments.checkout.values import FromVariable, OneOf, Unknown, options, texts, truth

_LOCAL = re.compile(r"^(?:rediss?://(?:[^@/]*@)?)?(localhost|127\.0\.0\.1)(?::6379)?(?:/|$)")
_REDIS = re.compile(r"^rediss?://(?:[^@/]*@)?([\w.-]+)")
_SIDECAR = {
    "sidecars": {"redis": {"image": "redis:7-alpine", "health_command": ["CMD", "redis-cli", "ping"]}},
    "container": {"depends_on": {"redis": "HEALTHY"}},
}
_Finding = CheckoutFinding


def judge_settings(application: DjangoApplication, health_path: str) -> Iterator[CheckoutFinding]:
    """Yield what is found in the settings beside databases."""
    yield from _module(application)
    if not application.settings:
        return
    yield _hosts(application.settings)
    yield from _redirect(application.settings, health_path)
    yield from _redis(application)
    if truth(application.settings.get("DEBUG", False)):
        code = ('DEBUG = os.environ.get("DEBUG") == "1"',)
        yield _Finding(
            "change", "settings", "DEBUG is on: each error shows the settings to everybody.", code=code
        )


def _module(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    served, modules = application.settings_module, application.modules
    for path in application.evaluator.unread:
        text = f"{path} is no Python that this Python can read; what it says is not known."
        yield _Finding("unknown", "settings", text)
    if not served:
        yield _Finding(
            "unknown", "settings", "Nothing names the settings module. The first deployment tells."
        )
    elif not application.evaluator.find(served):
        text = f"The settings module {served} is not in the checkout. The first deployment tells."
        yield _Finding("unknown", "settings", text)
    managed = next((module for path, module in modules.items() if basename(path) == "manage.py"), served)
    if managed != served and application.stage.environment.get("DJANGO_SETTINGS_MODULE") != served:
        text = (
            f"The server takes {served}, and manage.py {managed}: survey and migrations would look at "
            "another database than the server."
        )
        yield _Finding("configure", "settings", text, {"django": {"settings_module": served}})
    elif served:
        yield _Finding("fits", "settings", f"Server and management commands take {served}.")


def _hosts(settings: Mapping[str, Any]) -> CheckoutFinding:
    found = settings.get("ALLOWED_HOSTS", [])
    kinds = options(found)
    if any("*" in item for item in kinds if isinstance(item, str | list | dict)):
        return _Finding("fits", "allowed hosts", "ALLOWED_HOSTS lets the load balancer's checks in.")
    variables = [item.name for item in kinds if isinstance(item, FromVariable)]
    if variables:
        text = f"ALLOWED_HOSTS is taken from {variables[0]}; checks come with the task's address as host."
        return _Finding("configure", "allowed hosts", text, {"variables": {variables[0]: "*"}})
    if any(isinstance(item, Unknown) for item in kinds):
        text = "ALLOWED_HOSTS cannot be told. The smoke test tells: 400 means refused."
        return _Finding("unknown", "allowed hosts", text)
    text = (
        "ALLOWED_HOSTS refuses the load balancer's checks, which come with the task's address as host (400)."
    )
    names = ",".join(item for item in found if isinstance(item, str)) if isinstance(found, list) else ""
    code = ("import os", f'ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "{names}").split(",")')
    return _Finding("change", "allowed hosts", text, code=code)


def _redirect(settings: Mapping[str, Any], health_path: str) -> Iterator[CheckoutFinding]:
    value = settings.get("SECURE_SSL_REDIRECT", False)
    if truth(value) is False or (isinstance(value, FromVariable) and truth(value.default) is False):
        return
    if "SECURE_PROXY_SSL_HEADER" not in settings:
        text = "SECURE_SSL_REDIRECT without SECURE_PROXY_SSL_HEADER: each request is redirected for ever."
        code = ('SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',)
        yield _Finding("change", "TLS", text, code=code)
    exempt = settings.get("SECURE_REDIRECT_EXEMPT", [])
    if not isinstance(exempt, Unknown | OneOf | FromVariable) and not _exempted(exempt, health_path):
        text = "SECURE_SSL_REDIRECT redirects the health checks, which come without TLS."
        code = (f'SECURE_REDIRECT_EXEMPT = [r"^{re.escape(health_path.lstrip("/"))}$"]',)
        yield _Finding("change", "TLS", text, code=code)


def _exempted(patterns: Any, health_path: str) -> bool:
    for pattern in patterns if isinstance(patterns, list) else ():
        try:
            if not isinstance(pattern, str) or re.search(pattern, health_path.lstrip("/")):
                return True
        except (re.error, RecursionError, OverflowError):
            continue
    return False


def _redis(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    """Yield what is found about Redis; a sidecar's is each task's own."""
    own = "a sidecar; each task has its own; where tasks must share it, give a Redis server instead"
    for (variable, text), names in _redis_hosts(application).items():
        users, server = ", ".join(names), _REDIS.match(text)
        if _LOCAL.match(text):
            yield _Finding("configure", "Redis", f"{users}: on localhost: {own}.", _SIDECAR)
        elif variable:
            settings = {**_SIDECAR, "variables": {variable: "redis://localhost:6379/0"}}
            yield _Finding("configure", "Redis", f"{users}: where {variable} says: {own}.", settings)
        else:
            code = (f'os.environ.get("REDIS_URL", "{text[:80]}")  # in its place',)
            yield _Finding("change", "Redis", f"{users}: on the host {server and server[1]!r}.", code=code)
    if "celery" in application.requirements.names:
        text = "Celery's workers are not started: a task has the server alone, and sidecars of fixed images."
        yield _Finding("unknown", "Celery", text)


def _redis_hosts(application: DjangoApplication) -> dict[tuple[str, str], list[str]]:
    """Return the settings that name Redis by where it is: a variable, or a host."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, value in application.settings.items():
        for variable, text in dict.fromkeys(texts(value)):
            if _REDIS.match(text) or (_LOCAL.match(text) and name in ("CACHES", "CHANNEL_LAYERS")):
                found.setdefault((variable, "" if variable and not _LOCAL.match(text) else text), []).append(
                    name
                )
    return found
