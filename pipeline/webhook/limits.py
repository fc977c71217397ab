"""How many requests a client may send: a token bucket."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bucket:
    """What a client may still send."""

    tokens: float
    at: float
    """When that was so (seconds of a clock that never goes back)."""


def take(bucket: Bucket | None, now: float, rate: float, burst: float) -> tuple[Bucket, float]:
    """Take one token of a bucket that fills by ``rate`` a second up to ``burst``; a new client's is full.

    Returns:
        The bucket afterwards, and the seconds to wait (0: go on).
    """
    old = bucket or Bucket(burst, now)
    tokens = min(burst, old.tokens + max(0.0, now - old.at) * rate)
    if tokens >= 1:
        return Bucket(tokens - 1, now), 0.0
    return Bucket(tokens, now), (1 - tokens) / rate
