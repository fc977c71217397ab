"""CloudWatch Logs and S3 in memory, with the habits of the real ones that matter to an archive."""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from pipeline.aws.access import AwsAccess

Events = list[tuple[int, int, str]]
"""Timestamp, ingestion time and message of each event, oldest first."""


_WRITTEN = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class FakeLogs:
    """Streams of one group, in small pages, with empty ones in between as CloudWatch has them."""

    streams: dict[str, Events]
    page: int = 2
    refuse: frozenset[str] = frozenset()
    """Groups whose retention may not be set."""
    calls: Counter[str] = field(default_factory=Counter)
    retention: dict[str, int] = field(default_factory=dict)

    def get_paginator(self, operation: str) -> Any:
        """Return a paginator of describe_log_streams."""
        assert operation == "describe_log_streams"
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        """Yield one stream a page, in no order."""
        for name in reversed(list(self.streams)):
            yield {"logStreams": [self._stream(name)]}

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        """Return a page by position; the last token is handed back."""
        assert request["startFromHead"]
        self.calls[request["logStreamName"]] += 1
        requested = [
            event
            for event in self.streams[request["logStreamName"]]
            if request["startTime"] <= event[0] < request["endTime"]
        ]
        token = request.get("nextToken", "0")
        at, empty = int(token.rstrip("e")), token.endswith("e")
        events = requested[at : at + self.page] if at == 0 or empty else []
        # after the head every second page is empty though more follows
        end = at >= len(requested) and token != "0"
        following = token if end else str(at + len(events)) + ("" if events else "e")
        return {
            "events": [{"timestamp": t, "ingestionTime": i, "message": m} for t, i, m in events],
            "nextForwardToken": following,
        }

    def put_retention_policy(self, *, logGroupName: str, retentionInDays: int) -> None:  # noqa: N803 - boto3's spelling
        """Set a group's retention."""
        if logGroupName in self.refuse:
            raise _error("AccessDeniedException", "PutRetentionPolicy")
        self.retention[logGroupName] = retentionInDays

    def _stream(self, name: str) -> dict[str, Any]:
        ingested = [event[1] for event in self.streams[name]]
        return {"logStreamName": name, **({"lastIngestionTime": max(ingested)} if ingested else {})}


@dataclass
class FakeS3:
    """One bucket with conditional writes."""

    objects: dict[str, bytes] = field(default_factory=dict)
    fail_at: str = ""
    """Operation that breaks the next time it is called."""
    writes: Counter[str] = field(default_factory=Counter)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        """Return an object."""
        data = self._find(Key)
        body = StreamingBody(io.BytesIO(data), len(data))  # type: ignore[arg-type]
        return {"Body": body, "ETag": _etag(data), "LastModified": _WRITTEN}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        """Return an object's ETag and size."""
        data = self._find(Key)
        return {"ETag": _etag(data), "ContentLength": len(data)}

    def put_object(self, **request: Any) -> dict[str, str]:
        """Write an object whole."""
        key = request["Key"]
        self._break("put_object" if key.endswith(".gz") else "put_manifest")
        self._check(key, request)
        body = request["Body"]
        self.objects[key] = body if isinstance(body, bytes) else body.read()
        self.writes[key] += 1
        return {"ETag": _etag(self.objects[key])}

    def get_paginator(self, operation: str) -> Any:
        """Return a paginator of list_objects_v2."""
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - boto3's spelling
        """Yield one key a page."""
        yield {}
        for key in self.objects:
            if key.startswith(Prefix):
                yield {"Contents": [{"Key": key, "LastModified": _WRITTEN}]}

    def _find(self, key: str) -> bytes:
        if key not in self.objects:
            raise _error("NoSuchKey", "GetObject")
        return self.objects[key]

    def _check(self, key: str, condition: dict[str, str]) -> None:
        present = _etag(self.objects[key]) if key in self.objects else None
        if ("IfNoneMatch" in condition and present) or condition.get("IfMatch", present) != present:
            raise _error("PreconditionFailed", "PutObject")

    def _break(self, operation: str) -> None:
        if operation == self.fail_at:
            self.fail_at = ""
            raise KeyboardInterrupt(operation)


@dataclass(frozen=True)
class FakeAws(AwsAccess):
    """Access to both."""

    logs: Any = None
    s3: Any = None

    def client(self, service: str) -> Any:
        """Return the fake of the service."""
        return {"logs": self.logs, "s3": self.s3}[service]


def _etag(data: bytes) -> str:
    return f'"{hash(data)}"'


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
