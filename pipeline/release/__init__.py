"""Which releases were deployed, which one runs, and which one was last good."""

from pipeline.release.choice import RollbackError, choose_rollback
from pipeline.release.crossing import KEY, WayBack, crossed, short, tell_changes
from pipeline.release.model import OpenAttempt, ReleaseRecord, SchemaChange
from pipeline.release.schema import SchemaLog
from pipeline.release.store import RecordError, ReleaseStore
from pipeline.release.timing import Stopwatch
from pipeline.release.who import asked_by

__all__ = [
    "KEY",
    "OpenAttempt",
    "RecordError",
    "ReleaseRecord",
    "ReleaseStore",
    "RollbackError",
    "SchemaChange",
    "SchemaLog",
    "Stopwatch",
    "WayBack",
    "asked_by",
    "choose_rollback",
    "crossed",
    "short",
    "tell_changes",
]
