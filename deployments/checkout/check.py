"""Everything that a checkout tells about its deployment. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from deployments.checkout.application import DjangoApplication
from deployments.checkout.databases import judge_databases
from deployments.checkout.health import judge_health
from deployments.checkout.image import judge_image
from deployments.checkout.migrations import judge_migrations
from deployments.checkout.model import Checkout, CheckoutError, CheckoutFinding, Ruling, find
from deployments.checkout.settings import judge_settings
from deployments.checkout.variables import judge_variables


def judge(checkout: Checkout, dockerfile: str = "", target: str = "") -> tuple[CheckoutFinding, ...]:
    """Return all findings: first what must be changed, last what fits.

    Raises:
        CheckoutError: there is no such Dockerfile.
    """
    if dockerfile and dockerfile not in checkout.files:
        raise CheckoutError(f"There is no file {dockerfile} in the checkout.")
    application = DjangoApplication(checkout, dockerfile, target)
    health, path = judge_health(application)
    findings = [
        *judge_databases(application),
        *judge_image(application, target),
        *_manage(application),
        *judge_settings(application, path),
        health,
        *judge_variables(application),
        *judge_migrations(checkout, application.manage),
    ]
    return tuple(sorted(findings, key=lambda item: get_args(Ruling).index(item.ruling)))


def _manage(application: DjangoApplication) -> Iterator[CheckoutFinding]:
    words = application.manage
    if not application.manage_file:
        yield find("no-manage")
    elif words != ("python", "manage.py"):
        yield find("manage", {"django": {"manage": list(words)}}, words=" ".join(words))


def merged(findings: Iterable[CheckoutFinding]) -> dict[str, Any]:
    """Return all settings that the findings ask for; the first finding decides."""
    found: dict[str, Any] = {}
    for item in findings:
        found = _merged(found, item.settings)
    for name in set(found.get("variables", {})) & set(found.get("secret_keys", [])):
        del found["variables"][name]
    return found


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    found = {**first, **{key: item for key, item in second.items() if key not in first}}
    for key in set(first) & set(second):
        if isinstance(first[key], dict) and isinstance(second[key], dict):
            found[key] = _merged(first[key], second[key])
        elif key in ("secret_keys", "databases"):
            found[key] = list(dict.fromkeys([*first[key], *second[key]]))
    return found
