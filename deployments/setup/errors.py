"""The error that every step of the set-up raises."""

from pipeline.errors import PipelineError


class SetupError(PipelineError):
    """The machine lacks something that the set-up could not provide; the message has the command to type."""
