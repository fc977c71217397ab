"""Turns events into compressed lines that are equal, byte for byte, for equal events."""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.logs.cloudwatch import Event

GZIP = 31
"""zlib's window bits for a gzip header; zlib leaves its time at 0."""
_quote = json.JSONEncoder().encode
"""Quotes in ASCII: a message may hold half a surrogate pair, which UTF-8 cannot."""


class LineWriter:
    """Compresses lines, counts them, and hands the bytes on. Holds no more than zlib's window."""

    def __init__(self, sink: Callable[[bytes], None]) -> None:
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
