"""Errors of the logs domain."""

from pipeline.errors import PipelineError


class LogsError(PipelineError):
    """Log groups could not be read, kept or archived."""


class ArchiveConflictError(LogsError):
    """Another run archived the same day at the same time."""

    transient = True


class ArchiveDamagedError(LogsError):
    """An archived day is not what its manifest says."""
