"""What the receiver answers when it does not do as asked."""

from pipeline.errors import PipelineError


class Refusal(PipelineError):  # noqa: N818 - an answer to the caller, not a fault of ours
    """A request that is turned down; carries its HTTP status and what the caller can do."""

    def __init__(self, status: int, error: str, next_step: str, retry_after: int | None = None) -> None:
        self.status = status
        self.error = error
        self.next_step = next_step
        self.retry_after = retry_after
        """Seconds."""
        super().__init__(f"{error} {next_step}")
