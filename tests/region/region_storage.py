"""S3 as a region's pipeline and tasks use it: conditional writes, listings in pages, multipart uploads."""
# ruff: noqa: N803 - boto3's spelling

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit

from region_blobs import PAGE, Blob, StorageRefusal, absent, md5, require_checksums
from region_uploads import Uploads


class Storage(Uploads):
    """All buckets, versioned ones: a deletion leaves a marker, and nobody here reads old versions.

    Whatever was written is in every later answer, listings too (Amazon S3 user guide, "Amazon S3 data
    consistency model").
    """

    def seed(self, bucket: str) -> None:
        """Make an empty bucket."""
        self._blobs[bucket] = {}

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object."""
        self.put_object(Bucket=bucket, Key=key, Body=body)

    def get(self, bucket: str, key: str) -> bytes | None:
        """Return an object's content, None where there is none."""
        blob = self._blobs[bucket].get(key)
        return None if blob is None else blob.body

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Return the keys below ``prefix``, in their order."""
        return sorted(key for key in self._blobs[bucket] if key.startswith(prefix))

    def by_url(self, url: str, body: bytes | None = None) -> dict[str, Any]:
        """Do what a presigned URL allows: GET without a body, PUT of an object or a part with one.

        Bucket and key are in the path, or the bucket is the first label of the host (user guide, "Virtual
        hosting of general purpose buckets").
        """
        parts = urlsplit(url)
        path = unquote(parts.path).removeprefix("/")
        host = parts.netloc.partition(".")[0]
        bucket, _, key = (host, "", path) if host in self._blobs else path.partition("/")
        query = parse_qs(parts.query)
        if body is None:
            return self.get_object(Bucket=bucket, Key=key)
        if "uploadId" not in query:
            return self.put_object(Bucket=bucket, Key=key, Body=body)
        number = int(query["partNumber"][0])
        return self.upload_part(
            Bucket=bucket, Key=key, UploadId=query["uploadId"][0], PartNumber=number, Body=body
        )

    def put_object(
        self,
        *,
        Bucket: str,
        Key: str,
        Body: bytes = b"",
        ContentType: str = "binary/octet-stream",
        Metadata: Mapping[str, str] | None = None,
        IfNoneMatch: str = "",
        IfMatch: str = "",
        ContentMD5: str = "",
        ContentLength: int = 0,
        ServerSideEncryption: str = "",
        ChecksumAlgorithm: str = "",
        **checksums: str,
    ) -> dict[str, Any]:
        """Write an object, under a condition where one is given (API reference, PutObject)."""
        require_checksums(checksums)
        self._require(Bucket, Key, IfNoneMatch, IfMatch)
        etag = f'"{md5(Body)}"'
        blob = self._write(Bucket, Key, Body, etag, dict(Metadata or {}), ContentType)
        return {"ETag": etag, "VersionId": blob.version_id, "ServerSideEncryption": "AES256"}

    def get_object(self, *, Bucket: str, Key: str, ChecksumMode: str = "", Range: str = "") -> dict[str, Any]:
        """Return an object, or its bytes from ``Range`` on (API reference, GetObject)."""
        blob = self._bucket(Bucket).get(Key)
        if blob is None:
            raise absent()
        if not Range:
            return {**_head(blob), "Body": blob.body}
        first, _, last = Range.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(blob.body) - 1), len(blob.body) - 1)
        if start > end:
            raise StorageRefusal(416, "InvalidRange", "The requested range is not satisfiable")
        part = blob.body[start : end + 1]
        told = {"ContentRange": f"bytes {start}-{end}/{len(blob.body)}", "ContentLength": len(part)}
        return {**_head(blob), **told, "Body": part}

    def head_object(self, *, Bucket: str, Key: str, ChecksumMode: str = "") -> dict[str, Any]:
        """Return an object's description; the answer to HEAD has no body and so a bare status for a code."""
        blob = self._blobs.get(Bucket, {}).get(Key)
        if blob is None:
            raise StorageRefusal(404, "404", "Not Found")
        return _head(blob)

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        """Remove an object; one that is not there is fine (API reference, DeleteObject)."""
        self._bucket(Bucket).pop(Key, None)
        return {"DeleteMarker": True, "VersionId": self._version()}

    def delete_objects(
        self, *, Bucket: str, Delete: Mapping[str, Any], ChecksumAlgorithm: str = ""
    ) -> dict[str, Any]:
        """Remove up to a thousand objects (API reference, DeleteObjects)."""
        if len(Delete["Objects"]) > PAGE:
            raise StorageRefusal(400, "MalformedXML", "The XML you provided was not well-formed")
        for item in Delete["Objects"]:
            self.delete_object(Bucket=Bucket, Key=item["Key"])
        told = [] if Delete.get("Quiet") else [{"Key": item["Key"]} for item in Delete["Objects"]]
        return {"Deleted": told} if told else {}

    def list_objects_v2(
        self,
        *,
        Bucket: str,
        Prefix: str = "",
        ContinuationToken: str = "",
        StartAfter: str = "",
        MaxKeys: int = PAGE,
        EncodingType: str = "",
    ) -> dict[str, Any]:
        """Return a page of the keys in UTF-8 binary order (API reference, ListObjectsV2).

        Without any key there is no ``Contents``. Keys are encoded where that is asked, as boto3 does unasked.
        """
        blobs = self._bucket(Bucket)
        after = ContinuationToken.removeprefix("after:") or StartAfter
        found = sorted(
            (key for key in blobs if key.startswith(Prefix) and key > after), key=lambda key: key.encode()
        )
        page = found[: min(MaxKeys, self.page)]
        encode = (lambda text: quote_plus(text, safe="/")) if EncodingType == "url" else str
        answer = {
            "Name": Bucket,
            "Prefix": encode(Prefix),
            "MaxKeys": MaxKeys,
            "KeyCount": len(page),
            "IsTruncated": len(page) < len(found),
        }
        if page:
            answer["Contents"] = [_entry(encode(key), blobs[key]) for key in page]
        if EncodingType:
            answer["EncodingType"] = EncodingType
        if len(page) < len(found):
            answer["NextContinuationToken"] = f"after:{page[-1]}"
        return answer


def _head(blob: Blob) -> dict[str, Any]:
    return {
        "ETag": blob.etag,
        "ContentLength": len(blob.body),
        "ContentType": blob.content_type,
        "LastModified": blob.modified,
        "Metadata": dict(blob.metadata),
        "VersionId": blob.version_id,
        "AcceptRanges": "bytes",
        "ServerSideEncryption": "AES256",
    }


def _entry(key: str, blob: Blob) -> dict[str, Any]:
    told = {"Key": key, "LastModified": blob.modified, "ETag": blob.etag, "Size": len(blob.body)}
    return {**told, "StorageClass": "STANDARD"}
