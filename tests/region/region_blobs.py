"""What S3 keeps, and the rules that all its writes follow."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from support.answering import Refusal

PAGE = 1000


class StorageRefusal(Refusal):
    """A refusal with the HTTP status that S3 gives it (Amazon S3 API reference, "Error responses")."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        super().__init__(code, message)


@dataclass
class Blob:
    """An object as it is now."""

    body: bytes = field(repr=False)
    etag: str
    """In quotation marks, as S3 sends it."""
    modified: datetime
    version_id: str
    metadata: dict[str, str]
    content_type: str


class Blobs:
    """The buckets' objects, and conditional writes to them."""

    def __init__(self, clock: Any, *buckets: str) -> None:
        self.page = PAGE
        """Most entries in one page (API reference, ListObjectsV2, ListParts, ListMultipartUploads)."""
        self.conflicts = 0
        """Conditional writes to come that meet another one under way (PutObject, 409)."""
        self.conflict_chance = 0.0
        """Share of the other conditional writes that do."""
        self.before_write: Callable[[str, str], None] | None = None
        """What somebody else does, once, just before the next write to (bucket, key)."""
        self._clock = clock
        self._blobs: dict[str, dict[str, Blob]] = {name: {} for name in buckets}
        self._numbers = count(1)

    def _bucket(self, name: str) -> dict[str, Blob]:
        if name not in self._blobs:
            raise StorageRefusal(404, "NoSuchBucket", "The specified bucket does not exist")
        return self._blobs[name]

    def _require(self, bucket: str, key: str, if_none_match: str, if_match: str) -> None:
        """Refuse a write whose condition does not hold (S3 user guide, "How to prevent object overwrites").

        If-Match of an object that is not there is a 404; what conflicts with a write under way, a 409.
        """
        if self.before_write:
            meanwhile, self.before_write = self.before_write, None
            meanwhile(bucket, key)
        present = self._bucket(bucket).get(key)
        if not if_none_match and not if_match:
            return
        if if_match and present is None:
            raise absent()
        if (if_none_match and present) or (if_match and present and _bare(if_match) != _bare(present.etag)):
            message = "At least one of the pre-conditions you specified did not hold"
            raise StorageRefusal(412, "PreconditionFailed", message)
        if self._conflicts():
            message = "The conditional request cannot succeed due to a conflicting operation."
            raise StorageRefusal(409, "ConditionalRequestConflict", message)

    def _conflicts(self) -> bool:
        if self.conflicts:
            self.conflicts -= 1
            return True
        return bool(self.conflict_chance) and self._clock.random.random() < self.conflict_chance

    def _write(
        self, bucket: str, key: str, body: bytes, etag: str, metadata: dict[str, str], content_type: str
    ) -> Blob:
        now = self._clock.now().replace(microsecond=0)  # Last-Modified is an HTTP date: whole seconds
        blob = Blob(bytes(body), etag, now, self._version(), metadata, content_type)
        self._bucket(bucket)[key] = blob
        return blob

    def _version(self) -> str:
        return f"version-{next(self._numbers):08d}"


def absent() -> StorageRefusal:
    """Return the refusal of an object that is not there."""
    return StorageRefusal(404, "NoSuchKey", "The specified key does not exist.")


def require_checksums(others: dict[str, str]) -> None:
    """Fail a request whose other parameters are no checksums, which boto3 adds by itself."""
    unknown = [name for name in others if not name.startswith("Checksum")]
    if unknown:
        raise TypeError(f"The model does not know {', '.join(unknown)}")


def md5(body: bytes) -> str:
    """Return the digest that is an object's ETag (API reference, Object)."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _bare(etag: str) -> str:
    return etag.strip('"')
