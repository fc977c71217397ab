"""Everything that a checkout tells about its deployment. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from deployments.checkout.application import DjangoApplication, gather
from deployments.checkout.databases import judge_databases
from deployments.checkout.health import judge_health
from deployments.checkout.image import judge_image, judge_static
from deployments.checkout.migrations import judge_migrations
from deployments.checkout.model import Checkout, CheckoutError, CheckoutFinding
from deployments.checkout.settings import judge_settings
from deployments.checkout.variables import judge_variables

_PRIVATE = re.compile(r"(^|/)(\.env(\.[\w-]+)?|[\w.-]+\.(sqlite3?|db))$")
_ORDER = ("change", "configure", "unknown", "fits")


def judge(checkout: Checkout, dockerfile: str = "", target: str = "") -> tuple[CheckoutFinding, ...]:
    """Return all findings: first what must be changed, last what fits.

    Raises:
        CheckoutError: there is no such Dockerfile.
    """
    if dockerfile and dockerfile not in checkout.files:
        raise CheckoutError(f"There is no file {dockerfile} in the checkout.")
    application = gather(checkout, dockerfile, target)
    health, path = judge_health(application)
    static = judge_static(application)
    findings = [
        *judge_databases(application),
        *judge_image(application),
        *([_staged(target)] if target else []),
        *_manage(application),
        *judge_settings(application, path),
        health,
        *judge_variables(application),
        *judge_migrations(checkout, application.manage),
        *([static] if static else []),
        *_ignored(application),
    ]
    return tuple(sorted(findings, key=lambda item: _ORDER.index(item.ruling)))


def _staged(target: str) -> CheckoutFinding:
    return CheckoutFinding("configure", "image", f"Stage {target} is built.", {"source": {"target": target}})


def _manage(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    words = application.manage
    if not application.manage_file:
        text = "There is no manage.py; management commands are given to Django itself."
        yield CheckoutFinding("configure", "manage", text, {"django": {"manage": ["python", "-m", "django"]}})
    elif words != ("python", "manage.py"):
        text = f"Management commands are given to {' '.join(words)}."
        yield CheckoutFinding("configure", "manage", text, {"django": {"manage": list(words)}})


def _ignored(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    """Yield what would be copied into the image and has no business there."""
    files = application.checkout.files
    patterns = "\n".join(text for path, text in files.items() if path.endswith(".dockerignore"))
    private = sorted(
        found[2]
        for path in files
        if (found := _PRIVATE.search(path)) and not re.search("example|sample|template|dist", path)
    )
    left = [
        name
        for name in dict.fromkeys(private)
        if name not in patterns and f"*.{name.rpartition('.')[2]}" not in patterns
    ]
    if left and any(source == "." for source, _ in application.stage.copies):
        text = f"COPY takes {', '.join(left)} into the image: secrets, or a database that hides the real one."
        yield CheckoutFinding("change", ".dockerignore", text, code=tuple(f"**/{name}" for name in left))


def merged(findings: Iterable[CheckoutFinding]) -> dict[str, Any]:
    """Return all settings that the findings ask for; the first finding decides."""
    found: dict[str, Any] = {}
    for item in findings:
        found = _merged(found, item.settings)
    for name in set(found.get("variables", {})) & set(found.get("secret_keys", [])):
        found["variables"] = {key: value for key, value in found["variables"].items() if key != name}
    return found


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(first)
    for key, value in second.items():
        known = found.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            found[key] = _merged(known, value)
        elif isinstance(known, list) and isinstance(value, list) and key in ("secret_keys", "databases"):
            found[key] = [*known, *(item for item in value if item not in known)]
        elif key not in found:
            found[key] = value
    return found
