"""Errors of the ECR domain."""

from pipeline.errors import PipelineError


class EcrError(PipelineError):
    """The repository could not be read or cleaned."""


class ProtectionError(EcrError):
    """What is in use could not be told for certain, so nothing may be deleted."""
