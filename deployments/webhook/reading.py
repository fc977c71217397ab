"""Takes typed values out of JSON that a stranger wrote."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployments.webhook.model import Deploy, Refusal
from pipeline.environment.model import Environment
from pipeline.source.location import repository_id

_PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """Return the header's value for a body."""
    return _PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets made the signature; compares in constant time, with every secret."""
    given = (header or "").encode("utf-8", "replace")
    matches = [hmac.compare_digest(sign(body, secret).encode(), given) for secret in secrets if secret]
    return any(matches)


_SEND = "Send the fields that docs/webhook.md describes."
_SHA = re.compile(r"[0-9a-f]{40}")


def read_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        Refusal: 400, it is none.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "The body is not JSON.", "Send one JSON object in UTF-8.") from error
    if not isinstance(document, dict):
        raise Refusal(400, "The body is not a JSON object.", "Send one JSON object in UTF-8.")
    return document


def text(document: Mapping[str, Any], key: str) -> str:
    """Return a text; raises a 422 Refusal where there is none."""
    value = document.get(key)
    if value is None:
        raise Refusal(422, f"{key!r} is missing.", _SEND)
    if not isinstance(value, str) or not value:
        raise malformed(key, "a text")
    return value


def inner(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return an object; raises a 422 Refusal where there is none."""
    value = document.get(key)
    if not isinstance(value, dict):
        raise malformed(key, "an object")
    return value


def commit(document: Mapping[str, Any], key: str) -> str:
    """Return a full commit SHA; raises a 422 Refusal where there is none."""
    value = text(document, key)
    if not _SHA.fullmatch(value):
        raise malformed(key, "a full commit SHA (40 hexadecimal digits)")
    return value


def moment(document: Mapping[str, Any], key: str) -> float:
    """Return a time as seconds since 1970, from a number or an ISO 8601 text; else raises a 422 Refusal."""
    value = document.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11:
        return float(value)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError) as error:
            raise malformed(key, "a time") from error
    raise malformed(key, "a time")


def fresh(at: float, now: float, oldest: float, clock_skew: float = 300.0) -> float:
    """Return when it was, by our clock now at the latest: nobody gets ahead of later pushes by a fast clock.

    Raises:
        Refusal: 403, older than ``oldest`` seconds, or of a future that no clock explains.
    """
    if now - at > oldest:
        raise Refusal(
            403,
            f"The request is stale: {now - at:.0f} s old, {oldest:.0f} s are allowed.",
            "Send a new one (a push, or a call signed now), or start the deployment by hand.",
        )
    if at - now > clock_skew:
        raise Refusal(403, "The request comes from the future.", "Set the sender's clock.")
    return min(at, now)


def malformed(key: str, requested: str) -> Refusal:
    """Return the refusal of a body without a needed value."""
    return Refusal(422, f"{key!r} is not {requested}.", _SEND)


_NONCE = re.compile(r"[A-Za-z0-9_-]{16,128}")
_FIELDS = {"environment", "ref", "timestamp", "nonce"}


@dataclass(frozen=True)
class GenericCall:
    """A checked call."""

    deploy: Deploy
    nonce: str
    """Serves once."""


def parse_generic(
    document: Mapping[str, Any], known: Mapping[str, Environment], now: float, oldest: float
) -> GenericCall:
    """Check a plain call; time and nonce are in the signed body, so that nobody can renew an old one.

    Raises:
        Refusal: 422 malformed, 403 stale, 404 none of the ``known`` environments.
    """
    if unknown := set(document) - _FIELDS:
        raise malformed(min(unknown)[:40], "a known field")
    at = fresh(moment(document, "timestamp"), now, oldest)
    nonce = text(document, "nonce")
    if not _NONCE.fullmatch(nonce):
        raise malformed("nonce", "16 to 128 letters, digits, - or _")
    item = known.get(text(document, "environment"))
    if item is None:
        step = f"Name one of: {', '.join(sorted(known))}."
        raise Refusal(404, "The secret that signed the call deploys no such environment.", step)
    return GenericCall(_deploy(document, item, at, nonce), nonce)


def _deploy(document: Mapping[str, Any], item: Environment, at: float, nonce: str) -> Deploy:
    """A folder has no commits: each call is a deployment of its own."""
    place = repository_id(item.source.repository)
    if place is None:
        if "ref" in document:
            raise Refusal(422, "The environment is built from a folder.", "Leave 'ref' out.")
        return Deploy(item.name, "", "", at, f"webhook-{item.name}-{nonce}")
    sha = commit(document, "ref")
    host, _, name = place.partition("/")
    return Deploy(item.name, sha, name if host == "github.com" else "", at, f"webhook-{item.name}-{sha}")
