"""Multipart uploads of S3."""
# ruff: noqa: N803 - boto3's spelling

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from region_blobs import PAGE, Blobs, StorageRefusal, md5, require_checksums


@dataclass
class Upload:
    """A multipart upload that is neither completed nor aborted."""

    id: str
    bucket: str
    key: str
    initiated: datetime
    metadata: dict[str, str]
    content_type: str
    parts: dict[int, tuple[bytes, str, datetime]] = field(default_factory=dict)


class Uploads(Blobs):
    """Begins, fills, completes and aborts uploads (Amazon S3 user guide, "Multipart upload overview")."""

    def __init__(self, clock: Any, *buckets: str) -> None:
        super().__init__(clock, *buckets)
        self.least_part = 5 << 20
        """Least bytes of a part that is not the last (CompleteMultipartUpload, EntityTooSmall)."""
        self.uploads: dict[str, Upload] = {}

    def create_multipart_upload(
        self,
        *,
        Bucket: str,
        Key: str,
        ContentType: str = "binary/octet-stream",
        Metadata: Mapping[str, str] | None = None,
        ServerSideEncryption: str = "",
        **checksums: str,
    ) -> dict[str, Any]:
        """Begin an upload; each is a new one (API reference, CreateMultipartUpload)."""
        require_checksums(checksums)
        self._bucket(Bucket)
        number = f"upload-{next(self._numbers):08d}"
        now = self._clock.now().replace(microsecond=0)
        self.uploads[number] = Upload(number, Bucket, Key, now, dict(Metadata or {}), ContentType)
        return {"Bucket": Bucket, "Key": Key, "UploadId": number}

    def upload_part(
        self, *, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: bytes = b"", **checksums: str
    ) -> dict[str, Any]:
        """Take a part; one of the same number takes the other's place (API reference, UploadPart)."""
        require_checksums({name: value for name, value in checksums.items() if name != "ContentMD5"})
        if not 1 <= PartNumber <= 10_000:
            message = "Part number must be an integer between 1 and 10000, inclusive"
            raise StorageRefusal(400, "InvalidArgument", message)
        upload = self._upload(Bucket, Key, UploadId)
        now = self._clock.now().replace(microsecond=0)
        upload.parts[PartNumber] = (bytes(Body), f'"{md5(Body)}"', now)
        return {"ETag": upload.parts[PartNumber][1], "ServerSideEncryption": "AES256"}

    def list_parts(
        self, *, Bucket: str, Key: str, UploadId: str, PartNumberMarker: int = 0, MaxParts: int = PAGE
    ) -> dict[str, Any]:
        """Return a page of the parts that S3 has (API reference, ListParts)."""
        upload = self._upload(Bucket, Key, UploadId)
        found = sorted(number for number in upload.parts if number > int(PartNumberMarker))
        page = found[: min(MaxParts, self.page)]
        answer = {"Bucket": Bucket, "Key": Key, "UploadId": UploadId, "MaxParts": MaxParts}
        answer |= {"PartNumberMarker": int(PartNumberMarker), "IsTruncated": len(page) < len(found)}
        if page:
            answer["NextPartNumberMarker"] = page[-1]
            answer["Parts"] = [_part(number, *upload.parts[number]) for number in page]
        return answer

    def list_multipart_uploads(
        self,
        *,
        Bucket: str,
        Prefix: str = "",
        KeyMarker: str = "",
        UploadIdMarker: str = "",
        MaxUploads: int = PAGE,
    ) -> dict[str, Any]:
        """Return a page of the uploads in progress, by key and then beginning (ListMultipartUploads)."""
        self._bucket(Bucket)
        after = (KeyMarker, UploadIdMarker or "~")
        found = sorted(
            (item.key, item.id)
            for item in self.uploads.values()
            if item.bucket == Bucket and item.key.startswith(Prefix) and (item.key, item.id) > after
        )
        page = found[: min(MaxUploads, self.page)]
        answer = {
            "Bucket": Bucket,
            "Prefix": Prefix,
            "KeyMarker": KeyMarker,
            "UploadIdMarker": UploadIdMarker,
        }
        answer |= {"MaxUploads": MaxUploads, "IsTruncated": len(page) < len(found)}
        if page:
            answer["NextKeyMarker"], answer["NextUploadIdMarker"] = page[-1]
            answer["Uploads"] = [
                {"Key": key, "UploadId": number, "Initiated": self.uploads[number].initiated}
                for key, number in page
            ]
        return answer

    def complete_multipart_upload(
        self,
        *,
        Bucket: str,
        Key: str,
        UploadId: str,
        MultipartUpload: Mapping[str, Any],
        IfNoneMatch: str = "",
        IfMatch: str = "",
        **checksums: str,
    ) -> dict[str, Any]:
        """Make the named parts one object (API reference, CompleteMultipartUpload).

        An upload that was completed is gone, also for who repeats the call after a lost answer.
        """
        require_checksums(checksums)
        upload = self._upload(Bucket, Key, UploadId)
        named = [(item["PartNumber"], item["ETag"].strip('"')) for item in MultipartUpload["Parts"]]
        bodies = self._bodies(upload, named)
        self._require(Bucket, Key, IfNoneMatch, IfMatch)
        del self.uploads[UploadId]
        whole = hashlib.md5(b"".join(bytes.fromhex(etag) for _, etag in named), usedforsecurity=False)
        etag = f'"{whole.hexdigest()}-{len(named)}"'
        blob = self._write(Bucket, Key, b"".join(bodies), etag, upload.metadata, upload.content_type)
        return {"Bucket": Bucket, "Key": Key, "ETag": etag, "VersionId": blob.version_id}

    def abort_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str) -> dict[str, Any]:
        """Throw the parts away (API reference, AbortMultipartUpload)."""
        self._upload(Bucket, Key, UploadId)
        del self.uploads[UploadId]
        return {}

    def _upload(self, bucket: str, key: str, number: str) -> Upload:
        self._bucket(bucket)
        upload = self.uploads.get(number)
        if upload is None or (upload.bucket, upload.key) != (bucket, key):
            message = "The specified upload does not exist. The upload ID may be invalid, or the upload may"
            raise StorageRefusal(404, "NoSuchUpload", f"{message} have been aborted or completed.")
        return upload

    def _bodies(self, upload: Upload, named: list[tuple[int, str]]) -> list[bytes]:
        numbers = [number for number, _ in named]
        if not named:
            raise StorageRefusal(400, "MalformedXML", "The XML you provided was not well-formed")
        if numbers != sorted(set(numbers)):
            message = "The list of parts was not in ascending order. Parts must be ordered by part number."
            raise StorageRefusal(400, "InvalidPartOrder", message)
        if any(upload.parts.get(number, (b"", "", None))[1].strip('"') != etag for number, etag in named):
            message = "One or more of the specified parts could not be found."
            raise StorageRefusal(400, "InvalidPart", message)
        bodies = [upload.parts[number][0] for number in numbers]
        if any(len(body) < self.least_part for body in bodies[:-1]):
            message = "Your proposed upload is smaller than the minimum allowed size"
            raise StorageRefusal(400, "EntityTooSmall", message)
        return bodies


def _part(number: int, body: bytes, etag: str, modified: datetime) -> dict[str, Any]:
    return {"PartNumber": number, "ETag": etag, "Size": len(body), "LastModified": modified}
