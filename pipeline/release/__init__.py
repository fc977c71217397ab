"""Which releases were deployed, which one runs, and which one was last good."""

from pipeline.release.choice import RollbackError, choose_rollback
from pipeline.release.crossing import crossed, tell_changes
from pipeline.release.model import OpenAttempt, ReleaseRecord, SchemaChange
from pipeline.release.schema import SchemaLog
from pipeline.release.store import RecordError, ReleaseStore
from pipeline.release.timing import Stopwatch
from pipeline.release.who import asked_by

__all__ = [
    "OpenAttempt",
    "RecordError",
    "ReleaseRecord",
    "ReleaseStore",
    "RollbackError",
    "SchemaChange",
    "SchemaLog",
    "Stopwatch",
    "asked_by",
    "choose_rollback",
    "crossed",
    "tell_changes",
]
