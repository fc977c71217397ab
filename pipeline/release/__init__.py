"""Which releases were deployed, which one runs, and which one was last good."""

from pipeline.release.choice import RollbackError, choose_rollback
from pipeline.release.model import OpenAttempt, ReleaseRecord
from pipeline.release.store import RecordError, ReleaseStore

__all__ = [
    "OpenAttempt",
    "RecordError",
    "ReleaseRecord",
    "ReleaseStore",
    "RollbackError",
    "choose_rollback",
]
