"""The error of the embedded stack."""

from pipeline.errors import PipelineError


class StackError(PipelineError):
    """The stack could not do what was asked; the message has the process, its log and the next step."""
