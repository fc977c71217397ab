"""Reads CloudWatch Logs, packs its events as lines, and sets retention."""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling
from pipeline.logs.retention import LogGroup, RetentionPlan

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import (
        GetLogEventsRequestTypeDef,
        LogGroupTypeDef,
        OutputLogEventTypeDef,
    )


_PAGE = 10_000
"""Most events in one GetLogEvents (CloudWatch Logs API reference)."""


@dataclass(frozen=True)
class Event:
    """One log event. Times are milliseconds since the epoch, as CloudWatch keeps them."""

    timestamp: int
    ingested: int
    message: str


@dataclass(frozen=True)
class Stream:
    """One log stream; ``last_ingested`` (ms) is None where CloudWatch does not say."""

    name: str
    last_ingested: int | None


def list_groups(access: AwsAccess) -> tuple[LogGroup, ...]:
    """Return every log group. Raises AwsError."""
    return tuple(CloudWatchLogs(access).groups())


class CloudWatchLogs:
    """Log groups of one account and region. Raises AwsError where AWS refuses or cannot be reached."""

    def __init__(self, access: AwsAccess) -> None:
        self._logs = access.client("logs")

    def groups(self) -> Iterator[LogGroup]:
        """Yield the log groups."""
        with calling("Describing the log groups"):
            for page in self._logs.get_paginator("describe_log_groups").paginate():
                yield from (_group(item) for item in page["logGroups"])

    def set_retention(self, group: str, days: int) -> None:
        """Set how long a group keeps its events."""
        with calling(f"Setting the retention of {group} to {days} days"):
            self._logs.put_retention_policy(logGroupName=group, retentionInDays=days)

    def streams(self, group: str) -> Iterator[Stream]:
        """Yield the streams of a group."""
        with calling(f"Describing the streams of {group}"):
            for page in self._logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
                for item in page["logStreams"]:
                    yield Stream(item["logStreamName"], item.get("lastIngestionTime"))

    def pages(self, group: str, stream: str, start: int, end: int) -> Iterator[tuple[Event, ...]]:
        """Yield the events with ``start <= timestamp < end`` (ms) in pages, oldest first.

        The end is where CloudWatch hands back the token it was given: a page may be empty before that
        (GetLogEvents, "nextForwardToken").
        """
        request: GetLogEventsRequestTypeDef = {
            "logGroupName": group,
            "logStreamName": stream,
            "startTime": start,
            "endTime": end,
            "startFromHead": True,
            "limit": _PAGE,
        }
        while True:
            with calling(f"Reading stream {stream} of {group}"):
                answer = self._logs.get_log_events(**request)
            if answer["events"]:
                yield tuple(_event(item) for item in answer["events"])
            if answer["nextForwardToken"] == request.get("nextToken"):
                return
            request["nextToken"] = answer["nextForwardToken"]


def _group(item: "LogGroupTypeDef") -> LogGroup:
    return LogGroup(
        name=item["logGroupName"],
        retention_days=item.get("retentionInDays"),
        created_at=datetime.fromtimestamp(item["creationTime"] / 1000, UTC),
    )


def _event(item: "OutputLogEventTypeDef") -> Event:
    return Event(item["timestamp"], item["ingestionTime"], item["message"])


@dataclass(frozen=True)
class RetentionResult:
    """Groups that were set, and why others were not."""

    done: tuple[str, ...]
    failed: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether every planned change was made."""
        return not self.failed


def apply_retention(access: AwsAccess, plan: RetentionPlan) -> RetentionResult:
    """Set the retention of each planned group; one that fails does not stop the others. Repeatable.

    CloudWatch takes some ten a second of an account; boto3 (mode adaptive) slows down where it refuses.
    """
    logs = CloudWatchLogs(access)
    done: list[str] = []
    failed: dict[str, str] = {}
    for row in plan.changes:
        try:
            logs.set_retention(row.group.name, plan.days)
        except AwsError as error:
            failed[row.group.name] = str(error)
        else:
            done.append(row.group.name)
    return RetentionResult(tuple(done), failed)


GZIP = 31
"""zlib's window bits for a gzip header; zlib leaves its time at 0."""
_quote = json.JSONEncoder().encode
"""Quotes in ASCII: a message may hold half a surrogate pair, which UTF-8 cannot."""


class LineWriter:
    """Compresses lines, counts them, and hands the bytes on. Holds no more than zlib's window."""

    def __init__(self, sink: Callable[[bytes], object]) -> None:
        self._sink = sink
        self._gzip = zlib.compressobj(6, zlib.DEFLATED, GZIP)
        self._raw = hashlib.sha256()
        self._compressed = hashlib.sha256()
        self.streams: Counter[str] = Counter()
        self.first_event: int | None = None
        self.last_event: int | None = None
        self.raw_bytes = 0
        self.compressed_bytes = 0

    @property
    def events(self) -> int:
        """Lines written."""
        return self.streams.total()

    @property
    def raw_sha256(self) -> str:
        """Hash of the lines."""
        return self._raw.hexdigest()

    @property
    def compressed_sha256(self) -> str:
        """Hash of the compressed bytes."""
        return self._compressed.hexdigest()

    def add(self, stream: str, events: Sequence[Event]) -> None:
        """Write a line for each event of a stream; there is at least one."""
        name = _quote(stream)
        self._count(stream, [event.timestamp for event in events])
        self._write("".join(_line(name, event) for event in events).encode())

    def add_line(self, line: bytes) -> None:
        """Write a line of an earlier archive as it is."""
        row = parse_line(line)
        self._count(row["stream"], [row["timestamp"]])
        self._write(line)

    def close(self) -> None:
        """Write what the compressor still holds."""
        self._pass_on(self._gzip.flush())

    def _count(self, stream: str, timestamps: Sequence[int]) -> None:
        self.streams[stream] += len(timestamps)
        first, last = min(timestamps), max(timestamps)
        self.first_event = first if self.first_event is None else min(self.first_event, first)
        self.last_event = last if self.last_event is None else max(self.last_event, last)

    def _write(self, raw: bytes) -> None:
        self._raw.update(raw)
        self.raw_bytes += len(raw)
        self._pass_on(self._gzip.compress(raw))

    def _pass_on(self, data: bytes) -> None:
        self._compressed.update(data)
        self.compressed_bytes += len(data)
        if data:
            self._sink(data)


def parse_line(line: bytes) -> dict[str, Any]:
    """Read a line back: timestamp and ingested in ms, stream, message."""
    row: dict[str, Any] = json.loads(line)
    return row


def _line(quoted_stream: str, event: Event) -> str:
    # Put together by hand: a dictionary and an encoder for each event take three times as long.
    return (
        f'{{"timestamp":{event.timestamp},"ingested":{event.ingested},'
        f'"stream":{quoted_stream},"message":{_quote(event.message)}}}\n'
    )
