"""Compresses a file and sends it in parts, at most three in flight; memory does not grow with the file."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from .codec import compressor
from .errors import JobError
from .transfer import put

IN_FLIGHT = 3
_BLOCK = 1 << 20
Sent = tuple[int, int, str]


def send(path: str, urls: list[str], part_bytes: int, tries: int) -> dict[str, Any]:
    """Stream ``path``; return the parts with their ETags, sizes and SHA-256 digests.

    Raises:
        JobError: too-many-parts, upload-refused, upload-failed, wrong-checksum.
    """
    digests = Digests()
    flight = _Flight(urls, tries)
    try:
        for part in _parts(digests.through(path), part_bytes):
            flight.launch(part)
        sent = flight.land()
    except BaseException:
        flight.cancel()
        raise
    parts = [{"number": number, "bytes": size, "etag": etag} for number, size, etag in sent]
    return {"parts": parts, **digests.facts()}


class Digests:
    """Hashes and lengths of both sides of the compressor."""

    def __init__(self) -> None:
        self.raw, self.packed = hashlib.sha256(), hashlib.sha256()
        self.raw_bytes = self.packed_bytes = 0

    def through(self, path: str) -> Iterator[bytes]:
        """Yield the file, compressed."""
        stream = compressor()
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(_BLOCK), b""):
                self.raw.update(block)
                self.raw_bytes += len(block)
                yield self._packed(stream.compress(block))
        yield self._packed(stream.flush())

    def facts(self) -> dict[str, Any]:
        """Return what a manifest says of the file that went through."""
        return {
            "codec": "gzip",
            "bytes": self.raw_bytes,
            "sha256": self.raw.hexdigest(),
            "compressed_bytes": self.packed_bytes,
            "compressed_sha256": self.packed.hexdigest(),
        }

    def _packed(self, piece: bytes) -> bytes:
        self.packed.update(piece)
        self.packed_bytes += len(piece)
        return piece


def _parts(pieces: Iterator[bytes], part_bytes: int) -> Iterator[bytes]:
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) >= part_bytes:
            yield bytes(buffer[:part_bytes])
            del buffer[:part_bytes]
    if buffer:
        yield bytes(buffer)


class _Flight:
    """Parts on their way; ``launch`` waits until one of the three places is free."""

    def __init__(self, urls: list[str], tries: int) -> None:
        self._urls, self._tries = urls, tries
        self._places = threading.BoundedSemaphore(IN_FLIGHT)
        self._pool = ThreadPoolExecutor(IN_FLIGHT)
        self._futures: list[Future[Sent]] = []

    def launch(self, part: bytes) -> None:
        number = len(self._futures) + 1
        if number > len(self._urls):
            raise JobError(
                "too-many-parts",
                f"the compressed database needs more than {len(self._urls)} parts; raise the policy's parts",
            )
        self._places.acquire()
        self._raise_failed()
        future = self._pool.submit(self._send, number, part)
        future.add_done_callback(lambda _: self._places.release())
        self._futures.append(future)

    def land(self) -> list[Sent]:
        sent = [future.result() for future in self._futures]
        self._pool.shutdown()
        return sent

    def cancel(self) -> None:
        for future in self._futures:
            future.cancel()
        self._pool.shutdown()

    def _raise_failed(self) -> None:
        """A part that failed ends the upload now, not after the last part."""
        for future in self._futures:
            if future.done():
                future.result()

    def _send(self, number: int, part: bytes) -> Sent:
        return number, len(part), put(self._urls[number - 1], part, self._tries)
