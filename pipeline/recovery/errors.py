"""Errors of a restore in place."""

from pipeline.errors import PipelineError


class RecoveryError(PipelineError):
    """A restore in place could not begin or go on."""
