"""Settings, judged by how they work behind a load balancer and beside other tasks. Pure."""

import re
from collections.abc import Iterator
from typing import Any

from deployments.checkout.application import DjangoApplication
from deployments.checkout.model import CheckoutFinding, find
from deployments.checkout.values import Names, Open, options, texts, truth

_LOCAL = re.compile(r"^(?:rediss?://(?:[^@/]*@)?)?(localhost|127\.0\.0\.1)(?::6379)?(?:/|$)")
_REDIS = re.compile(r"^rediss?://(?:[^@/]*@)?([\w.-]+)")
_SIDECAR = {
    "sidecars": {"redis": {"image": "redis:7-alpine", "health_command": ["CMD", "redis-cli", "ping"]}},
    "container": {"depends_on": {"redis": "HEALTHY"}},
}


def judge_settings(application: DjangoApplication, health_path: str) -> Iterator[CheckoutFinding]:
    """Yield what is found in the settings beside databases."""
    yield from _module(application)
    settings = application.settings
    if settings:
        yield _hosts(settings)
        yield from _redirect(settings, health_path)
        yield from _redis(settings)
        if truth(settings.get("DEBUG", False)):
            yield find("debug")
    if "celery" in application.requirements:
        yield find("celery")
    yield from _static(application)


def _module(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    served = application.settings_module
    yield from (find("settings-unread", path=path) for path in application.evaluator.unread)
    if not served:
        yield find("settings-unnamed")
        return
    if not application.evaluator.find(served):
        yield find("settings-missing", served=served)
    managed = application.modules.get("manage.py", served)
    if served in (managed, application.stage.environment.get("DJANGO_SETTINGS_MODULE")):
        yield find("settings", served=served)
    else:
        settings = {"django": {"settings_module": served}}
        yield find("settings-differ", settings, served=served, managed=managed)


def _hosts(settings: Names) -> CheckoutFinding:
    found = settings.get("ALLOWED_HOSTS", [])
    kinds = options(found)
    if any("*" in item for item in kinds if isinstance(item, str | list | dict)):
        return find("hosts")
    left_open = [item for item in kinds if isinstance(item, Open)]
    for item in left_open:
        if item.variable:
            return find("hosts-by-variable", {"variables": {item.variable: "*"}}, variable=item.variable)
    if left_open:
        return find("hosts-unknown")
    named = found if isinstance(found, list) else []
    return find("hosts-refuse", names=",".join(item for item in named if isinstance(item, str)))


def _redirect(settings: Names, health_path: str) -> Iterator[CheckoutFinding]:
    value = settings.get("SECURE_SSL_REDIRECT", False)
    if truth(value.default if isinstance(value, Open) and value.variable else value) is False:
        return
    if "SECURE_PROXY_SSL_HEADER" not in settings:
        yield find("tls-header")
    exempt = settings.get("SECURE_REDIRECT_EXEMPT", [])
    path = health_path.lstrip("/")
    patterns = exempt if isinstance(exempt, list) else []
    if not isinstance(exempt, Open) and not any(_matches(item, path) for item in patterns):
        yield find("tls-health", path=re.escape(path))


def _matches(pattern: Any, path: str) -> bool:
    """Whether a pattern may match; one that is not told may."""
    try:
        return not isinstance(pattern, str) or re.search(pattern, path) is not None
    except (re.error, RecursionError, OverflowError):
        return False


def _redis(settings: Names) -> Iterator[CheckoutFinding]:
    """Yield what is found about Redis; a sidecar's is each task's own."""
    users: dict[tuple[str, str], list[str]] = {}
    for name, value in settings.items():
        for variable, text in dict.fromkeys(texts(value)):
            local = _LOCAL.match(text)
            if _REDIS.match(text) or (local and name in ("CACHES", "CHANNEL_LAYERS")):
                users.setdefault((variable, "" if variable and not local else text), []).append(name)
    for (variable, text), names in users.items():
        words: dict[str, Any] = {"users": ", ".join(names), "variable": variable, "url": text[:80]}
        if _LOCAL.match(text):
            yield find("redis-local", _SIDECAR, **words)
        elif variable:
            given = {"variables": {variable: "redis://localhost:6379/0"}}
            yield find("redis-by-variable", {**_SIDECAR, **given}, **words)
        else:
            yield find("redis-elsewhere", host=_host(text), **words)


def _host(url: str) -> Any:
    found = _REDIS.match(url)
    return found and found[1]


def _static(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    settings, manage = application.settings, application.manage
    named = (settings.get("STORAGES"), settings.get("STATICFILES_STORAGE"))
    stored = " ".join(text.lower() for value in named for _, text in texts(value))
    if "collectstatic" in f"{application.stage.runs} {application.server.text}":
        yield find("static-collected")
    elif any(word in stored for word in ("s3", "gcloud", "azure")):
        yield find("static-stored", {"django": {"collect_static": [*manage, "collectstatic", "--noinput"]}})
    elif "STATIC_ROOT" in settings:
        yield find("static-uncollected", command=" ".join(manage))
