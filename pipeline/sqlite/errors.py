"""Errors of the SQLite domain."""

from pipeline.errors import PipelineError


class SqliteError(PipelineError):
    """A backup, restore or drill could not be done."""


class SqliteJobError(SqliteError):
    """The job in the task failed; ``kind`` is one of ``pipeline.sqlite.job.errors``, or "no-result"."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class NoDatabaseError(SqliteJobError):
    """There is no database to back up yet: before the first migration that is as it should be."""


class NoBackupError(SqliteError):
    """No verified backup exists, or not the one that was asked for."""


class BackupMismatchError(SqliteError):
    """What S3 holds is not what the task sent."""


class OtherRunError(SqliteError):
    """Somebody else writes the same record."""


_ADVICE = {
    "corrupt": "The older backups are untouched. Stop writes, and restore the newest one (restore-sqlite).",
    "upload-refused": "Check that the pipeline's role may write to the bucket, and its clock.",
    "upload-failed": "Check the task's way to S3 (NAT or gateway endpoint), and run again.",
    "download-failed": "Check the task's way to S3 (NAT or gateway endpoint), and run again.",
    "wrong-checksum": "Run again; if it repeats, take another backup.",
    "no-result": "Look at the task's log.",
    "stopped": "Run again.",
}


def job_error(kind: str, message: str, where: str) -> SqliteJobError:
    """Return the error for a failed job, with the next step where the message has none."""
    error = NoDatabaseError if kind == "no-database" else SqliteJobError
    text = f"{where} failed ({kind}): {message.rstrip('.')}. {_ADVICE.get(kind, '')}".rstrip()
    return error(kind, text)
