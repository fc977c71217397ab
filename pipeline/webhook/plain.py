"""The plain signed call, for any CI that can compute an HMAC."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.environment.model import Environment
from pipeline.source.location import repository_id
from pipeline.webhook.model import Deploy, Refusal
from pipeline.webhook.reading import commit, fresh, malformed, moment, text

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,128}")
_FIELDS = {"environment", "ref", "timestamp", "nonce"}


@dataclass(frozen=True)
class PlainCall:
    """A checked call."""

    deploy: Deploy
    nonce: str
    """Serves once."""


def parse_plain(
    document: Mapping[str, Any], known: Mapping[str, Environment], now: float, oldest: float
) -> PlainCall:
    """Check a plain call; time and nonce are in the signed body, so that nobody can renew an old one.

    Raises:
        Refusal: 422 malformed, 403 stale, 404 unknown environment.
    """
    if unknown := set(document) - _FIELDS:
        raise malformed(min(unknown)[:40], "a known field")
    at = moment(document, "timestamp")
    fresh(at, now, oldest)
    nonce = text(document, "nonce")
    if not _NONCE.fullmatch(nonce):
        raise malformed("nonce", "16 to 128 letters, digits, - or _")
    item = known.get(text(document, "environment"))
    if item is None:
        raise Refusal(404, "There is no such environment.", f"Name one of: {', '.join(sorted(known))}.")
    return PlainCall(_deploy(document, item, at, nonce), nonce)


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
