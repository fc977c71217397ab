"""Downloads a backup into a file and proves that it is what was backed up."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

from .checks import check, differences
from .codec import decompressor
from .errors import JobError, from_os_error
from .transfer import get

_SPARE = 16 << 20


def fetch(job: dict[str, Any], target: str) -> dict[str, Any]:
    """Write the backup to ``target`` (must not exist) and return its fingerprint.

    Raises:
        JobError: disk-full, io, download-*, wrong-checksum, corrupt, differs, no-codec.
    """
    _room(target, job["bytes"])
    _write(job, target)
    checked = check(target, job["integrity"])
    wrong = differences(job["checks"], checked)
    if wrong:
        raise JobError("differs", f"the restored database is not the backed-up one: {'; '.join(wrong)}")
    return checked


def _room(target: str, needed: int) -> None:
    folder = os.path.dirname(target)
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE:
        raise JobError("disk-full", f"{folder} has {free} bytes free and the database needs {needed}")


def _write(job: dict[str, Any], target: str) -> None:
    packed, raw = hashlib.sha256(), hashlib.sha256()
    try:
        with open(target, "xb") as file:
            for piece in _content(job, packed):
                raw.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise from_os_error(error, f"writing {target}") from error
    _same("compressed", job["compressed_sha256"], packed.hexdigest())
    _same("decompressed", job["sha256"], raw.hexdigest())


def _content(job: dict[str, Any], packed: Any) -> Iterator[bytes]:
    stream = decompressor(job["codec"])
    for block in get(job["url"], job["tries"]):
        packed.update(block)
        yield from stream.feed(block)
    yield from stream.finish()


def _same(what: str, expected: str, actual: str) -> None:
    if expected != actual:
        raise JobError("wrong-checksum", f"SHA-256 of the {what} backup is {actual}, not {expected}")
