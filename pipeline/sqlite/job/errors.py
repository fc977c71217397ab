"""The one error of the job; its kind tells the pipeline what went wrong."""


class JobError(Exception):
    """A step failed for a known reason.

    Kinds: no-database, corrupt, wal-on-network, hot-journal, busy, disk-full, io, upload-refused,
    upload-failed, download-refused, download-failed, wrong-checksum, no-codec, differs, exists, in-use,
    too-many-parts, stopped, unexpected.
    """

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def from_os_error(error: OSError, doing: str) -> JobError:
    """Name a full disk as such; anything else of the operating system is ``io``."""
    full = error.errno in (27, 28, 122)  # EFBIG, ENOSPC, EDQUOT
    return JobError("disk-full" if full else "io", f"{doing}: {error.strerror or error}")
