"""What the command line refuses."""

from pipeline.errors import PipelineError


class CommandError(PipelineError):
    """The command cannot be carried out as it was typed, or there is nobody to carry it out."""
