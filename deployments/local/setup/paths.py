"""Folders of the project that are made on the machine and never committed."""

from deployments.paths import PROJECT
from pipeline.errors import PipelineError


class SetupError(PipelineError):
    """The machine lacks something that the set-up could not provide; the message has the command to type."""


TOOLS = PROJECT / ".tools"
"""Downloaded tools, and what belongs to the machine rather than to the embedded stack."""
