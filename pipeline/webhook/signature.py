"""Signatures over the raw body.

Source: GitHub, "Validating webhook deliveries" (HMAC-SHA256, hexadecimal, after ``sha256=``).
"""

import hashlib
import hmac
from collections.abc import Sequence

_PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """Return the header's value for a body."""
    return _PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets made the signature; compares in constant time, with every secret."""
    given = (header or "").encode("utf-8", "replace")
    matches = [hmac.compare_digest(sign(body, secret).encode(), given) for secret in secrets if secret]
    return any(matches)
