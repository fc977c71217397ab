"""What a delivery leads to."""

from dataclasses import dataclass


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
    def parameters(self) -> dict[str, str]:
        """Parameters of the deploy-application flow."""
        ref = {"ref": self.commit} if self.commit else {}
        return {"environment": self.environment, **ref}


@dataclass(frozen=True)
class Ignore:
    """Nothing to do, and why."""

    reason: str


Decision = tuple[Deploy, ...] | Ignore
