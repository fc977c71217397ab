"""How a rollout can end."""

from enum import StrEnum


class Outcome(StrEnum):
    """The end of a rollout; every one has its own message and its own next step."""

    SUCCEEDED = "SUCCEEDED"
    NO_CHANGE = "NO_CHANGE"
    ROLLED_BACK = "ROLLED_BACK"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"
    TIMED_OUT = "TIMED_OUT"
    UNHEALTHY = "UNHEALTHY"
    UNKNOWN = "UNKNOWN"

    @property
    def good(self) -> bool:
        """Whether the wanted release runs and is healthy."""
        return self in (Outcome.SUCCEEDED, Outcome.NO_CHANGE)

    @property
    def advice(self) -> str:
        """One sentence that says what to do."""
        return _ADVICE[self]


_ADVICE = {
    Outcome.SUCCEEDED: "Nothing to do.",
    Outcome.NO_CHANGE: "Nothing to do: this release was running already.",
    Outcome.ROLLED_BACK: "The previous release runs again; mend the cause and deploy anew.",
    Outcome.FAILED: "Read the reasons in this run's log, mend the release and deploy again.",
    Outcome.SUPERSEDED: "Somebody else changed the service; look at who, then deploy again if still wanted.",
    Outcome.TIMED_OUT: "It is still moving, which proves no failure; deploy again to go on watching.",
    Outcome.UNHEALTHY: "The tasks run but do not answer as they should; read why in this run's log.",
    Outcome.UNKNOWN: "ECS could not be reached; nothing was undone. Deploy again to find out and go on.",
}
