"""What can go wrong with a source."""

from pipeline.errors import PipelineError


class SourceError(PipelineError):
    """The source cannot be resolved: no such repository, ref, folder or permission."""


class SourceUnreachableError(SourceError):
    """The repository did not answer; the same call may succeed later."""

    transient = True
