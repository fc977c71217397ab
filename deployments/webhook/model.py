"""Values of the receiver: a delivery, a refusal, a rate limit."""

from dataclasses import dataclass

from pipeline.errors import PipelineError


@dataclass(frozen=True)
class TokenBucket:
    """Tokens that a client has left."""

    tokens: float
    at: float
    """When that was so (seconds of a clock that never goes back)."""


def take(bucket: TokenBucket | None, now: float, rate: float, burst: float) -> tuple[TokenBucket, float]:
    """Take one token of a bucket that fills by ``rate`` a second up to ``burst``; a new client's is full.

    Returns:
        The bucket afterwards, and the seconds to wait (0: go on).
    """
    old = bucket or TokenBucket(burst, now)
    tokens = min(burst, old.tokens + max(0.0, now - old.at) * rate)
    if tokens >= 1:
        return TokenBucket(tokens - 1, now), 0.0
    return TokenBucket(tokens, now), (1 - tokens) / rate


class Refusal(PipelineError):  # noqa: N818 - an answer to the caller, not a fault of ours
    """A request that is turned down; carries its HTTP status and what the caller can do."""

    def __init__(self, status: int, error: str, next_step: str, retry_after: int | None = None) -> None:
        self.status = status
        self.error = error
        self.next_step = next_step
        self.retry_after = retry_after
        """Seconds."""
        super().__init__(f"{error} {next_step}")


@dataclass(frozen=True)
class Deploy:
    """One deployment to start."""

    environment: str
    commit: str
    """Full SHA; empty where the source is a folder."""
    repository: str
    """OWNER/NAME at GitHub; empty where it is not known."""
    order: float
    """When the commit was pushed (seconds since 1970): the newer of two wins."""
    key: str
    """Idempotency key: equal keys are one deployment."""

    @property
    def parameters(self) -> dict[str, str | bool]:
        """Parameters of the deploy-application flow; a commit must be one of the environment's branch."""
        place: dict[str, str | bool] = {"environment": self.environment}
        return {**place, "ref": self.commit, "branch_only": True} if self.commit else place


@dataclass(frozen=True)
class Ignore:
    """Nothing to do, and why."""

    reason: str


Decision = tuple[Deploy, ...] | Ignore
