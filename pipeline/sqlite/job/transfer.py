"""HTTP to and from presigned URLs, with retries. URLs are secrets: messages show host and path only."""

from __future__ import annotations

import base64
import hashlib
import http.client
import random
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from .errors import JobError

TIMEOUT = 60.0
_BLOCK = 1 << 20
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_TRANSIENT_CODES = ("RequestTimeout", "BadDigest", "IncompleteBody", "SlowDown")
_MD5 = re.compile(r"^[0-9a-f]{32}$")
_Broken = (urllib.error.URLError, http.client.HTTPException, OSError)
Sleep = Callable[[float], None]


def where(url: str) -> str:
    """Return the URL without its query, which holds the signature."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def pause(attempt: int, sleep: Sleep) -> None:
    """Wait 0.5, 1, 2, 4, ... seconds (at most 20), give or take a third."""
    sleep(min(0.5 * 2**attempt, 20.0) * random.uniform(0.67, 1.33))  # noqa: S311 - jitter, not cryptography


def put(url: str, body: bytes, tries: int, sleep: Sleep = time.sleep) -> str:
    """Send ``body``; return the ETag, after S3 has confirmed what arrived.

    Content-MD5 makes S3 refuse a body that changed on its way; where the answer's ETag is an MD5 it must be
    the body's.

    Raises:
        JobError: upload-refused (S3 says no), upload-failed (out of tries), wrong-checksum.
    """
    digest = hashlib.md5(body, usedforsecurity=False)
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-MD5": base64.b64encode(digest.digest()).decode(),
    }
    trouble = JobError("upload-failed", f"{where(url)} was never tried")
    for attempt in range(tries):
        if attempt:
            pause(attempt - 1, sleep)
        try:
            etag, encryption = _put_once(url, body, headers)
        except JobError as error:
            if error.kind == "upload-refused":
                raise
            trouble = error
            continue
        if encryption.startswith("aws:kms") or not _MD5.match(etag) or etag == digest.hexdigest():
            return etag
        trouble = JobError("wrong-checksum", f"S3 stored something else than was sent to {where(url)}")
    raise JobError(trouble.kind, f"{trouble} ({tries} tries)")


def _put_once(url: str, body: bytes, headers: dict[str, str]) -> tuple[str, str]:
    request = urllib.request.Request(url, data=body, headers=headers, method="PUT")  # noqa: S310 - signed by the pipeline
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - signed by the pipeline
            answer.read()
            encryption = answer.headers.get("x-amz-server-side-encryption", "")
            return answer.headers.get("ETag", "").strip('"'), encryption
    except urllib.error.HTTPError as error:
        raise _answered(error, url, "upload") from error
    except _Broken as error:
        raise JobError("upload-failed", f"sending to {where(url)}: {_reason(error)}") from error


def get(url: str, tries: int, sleep: Sleep = time.sleep) -> Iterator[bytes]:
    """Yield the object in blocks; a broken connection is resumed where it broke.

    Raises:
        JobError: download-refused, download-failed.
    """
    offset, attempt = 0, 0
    while True:
        try:
            for block in _get_from(url, offset):
                offset, attempt = offset + len(block), 0
                yield block
        except JobError as error:
            attempt += 1
            if error.kind == "download-refused" or attempt >= tries:
                raise
            pause(attempt - 1, sleep)
        else:
            return


def _get_from(url: str, offset: int) -> Iterator[bytes]:
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - signed by the pipeline
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - signed by the pipeline
            if offset and answer.status != 206:
                raise JobError("download-refused", f"{where(url)} cannot be resumed at byte {offset}")
            expected = _length(answer.headers.get("Content-Length"))
            got = 0
            for block in iter(lambda: answer.read(_BLOCK), b""):
                got += len(block)
                yield block
    except urllib.error.HTTPError as error:
        raise _answered(error, url, "download") from error
    except _Broken as error:
        raise JobError("download-failed", f"reading {where(url)}: {_reason(error)}") from error
    if expected is not None and got < expected:
        raise JobError("download-failed", f"reading {where(url)}: {got} of {expected} bytes arrived")


def _answered(error: urllib.error.HTTPError, url: str, direction: str) -> JobError:
    text = error.read(2000).decode("utf-8", "replace")
    code = re.search(r"<Code>(\w+)</Code>", text)
    name = "RequestExpired" if "has expired" in text else code.group(1) if code else str(error.reason)
    transient = error.code in _TRANSIENT or name in _TRANSIENT_CODES
    kind = f"{direction}-failed" if transient else f"{direction}-refused"
    return JobError(kind, f"{where(url)} answered {error.code} {name}")


def _reason(error: BaseException) -> str:
    return str(getattr(error, "reason", None) or error) or type(error).__name__


def _length(value: str | None) -> int | None:
    return int(value) if value else None
