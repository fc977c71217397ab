"""Chooses how to compress: zstd where the image has it, else gzip."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Union

from . import zstd
from .errors import JobError

NAMES = ("zstd", "gzip")


class GzipCompressor:
    """gzip at level 1: level 6 takes four times as long for a tenth less."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(1, zlib.DEFLATED, 31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what is ready after ``data``."""
        yield self._stream.compress(data)

    def finish(self) -> Iterator[bytes]:
        """Yield the rest."""
        yield self._stream.flush()


class GzipDecompressor:
    """Decompresses one gzip member."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the content of ``data`` in pieces of at most 1 MiB."""
        while data and not self._stream.eof:
            try:
                yield self._stream.decompress(data, 1 << 20)
            except zlib.error as error:
                raise JobError("corrupt", f"gzip: {error}") from error
            data = self._stream.unconsumed_tail

    def finish(self) -> Iterator[bytes]:
        """Check that the member was complete."""
        yield self._stream.flush()
        if not self._stream.eof:
            raise JobError("corrupt", "the compressed file ends too early")


Compressor = Union[zstd.Compressor, GzipCompressor]
Decompressor = Union[zstd.Decompressor, GzipDecompressor]


def choose(offered: list[str]) -> str:
    """Return the best of the codecs that there are URLs for."""
    if "zstd" in offered and zstd.load() is not None:
        return "zstd"
    if "gzip" in offered:
        return "gzip"
    raise JobError("no-codec", "the image has no libzstd.so.1; install libzstd1, or use codec auto or gzip")


def compressor(name: str) -> Compressor:
    """Return a compressor of this codec."""
    return zstd.Compressor(_library()) if name == "zstd" else GzipCompressor()


def decompressor(name: str) -> Decompressor:
    """Return a decompressor of this codec."""
    if name not in NAMES:
        raise JobError("no-codec", f"unknown compression {name!r}")
    return zstd.Decompressor(_library()) if name == "zstd" else GzipDecompressor()


def _library() -> object:
    library = zstd.load()
    if library is None:
        raise JobError("no-codec", "the image has no libzstd.so.1; install the package libzstd1 in it")
    return library
