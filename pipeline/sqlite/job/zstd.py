"""Streaming zstd through the system's libzstd, by ctypes. The calls release the GIL."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from typing import Any

from .errors import JobError

_LEVEL, _CHECKSUM = 100, 201  # ZSTD_c_compressionLevel, ZSTD_c_checksumFlag
_CONTINUE, _END = 0, 2
_OUT = 1 << 17


class _Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t)]


def load() -> Any | None:
    """Return the library, or None where the image has none."""
    try:
        library = ctypes.CDLL("libzstd.so.1")
    except OSError:
        return None
    for name in ("ZSTD_createCCtx", "ZSTD_createDCtx"):
        getattr(library, name).restype = ctypes.c_void_p
    for name in ("ZSTD_freeCCtx", "ZSTD_freeDCtx"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    library.ZSTD_CCtx_setParameter.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    pointer = ctypes.POINTER(_Buffer)
    library.ZSTD_compressStream2.argtypes = [ctypes.c_void_p, pointer, pointer, ctypes.c_int]
    library.ZSTD_decompressStream.argtypes = [ctypes.c_void_p, pointer, pointer]
    for name in ("ZSTD_CCtx_setParameter", "ZSTD_compressStream2", "ZSTD_decompressStream"):
        getattr(library, name).restype = ctypes.c_size_t
    library.ZSTD_isError.argtypes = [ctypes.c_size_t]
    library.ZSTD_getErrorName.argtypes = [ctypes.c_size_t]
    library.ZSTD_getErrorName.restype = ctypes.c_char_p
    return library


class _Stream:
    def __init__(self, library: Any) -> None:
        self._zstd = library
        self._room = ctypes.create_string_buffer(_OUT)

    def _checked(self, code: int) -> int:
        if self._zstd.ZSTD_isError(code):
            raise JobError("corrupt", f"zstd: {self._zstd.ZSTD_getErrorName(code).decode()}")
        return code

    def _output(self) -> _Buffer:
        return _Buffer(ctypes.addressof(self._room), _OUT, 0)

    def _taken(self, output: _Buffer) -> bytes:
        return ctypes.string_at(self._room, output.pos)


def _input(data: bytes) -> _Buffer:
    return _Buffer(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data), 0)


class Compressor(_Stream):
    """Compresses one frame with a checksum of its content."""

    def __init__(self, library: Any, level: int = 3) -> None:
        super().__init__(library)
        self._context = library.ZSTD_createCCtx()
        self._checked(library.ZSTD_CCtx_setParameter(self._context, _LEVEL, level))
        self._checked(library.ZSTD_CCtx_setParameter(self._context, _CHECKSUM, 1))

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what is ready after ``data``."""
        source = _input(data)
        while source.pos < source.size:
            output = self._output()
            self._step(output, source, _CONTINUE)
            yield self._taken(output)

    def finish(self) -> Iterator[bytes]:
        """Yield the rest of the frame and free the context."""
        source, left = _input(b""), 1
        while left:
            output = self._output()
            left = self._step(output, source, _END)
            yield self._taken(output)
        self._zstd.ZSTD_freeCCtx(self._context)

    def _step(self, output: _Buffer, source: _Buffer, directive: int) -> int:
        done = self._zstd.ZSTD_compressStream2(
            self._context, ctypes.byref(output), ctypes.byref(source), directive
        )
        return self._checked(done)


class Decompressor(_Stream):
    """Decompresses one frame."""

    def __init__(self, library: Any) -> None:
        super().__init__(library)
        self._context = library.ZSTD_createDCtx()
        self._left = 1

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the content of ``data`` in pieces of at most 128 KiB."""
        source, full = _input(data), False
        while source.pos < source.size or full:
            output = self._output()
            done = self._zstd.ZSTD_decompressStream(self._context, ctypes.byref(output), ctypes.byref(source))
            self._left = self._checked(done)
            full = output.pos == output.size and bool(self._left)
            yield self._taken(output)

    def finish(self) -> Iterator[bytes]:
        """Check that the frame was complete, and free the context."""
        self._zstd.ZSTD_freeDCtx(self._context)
        if self._left:
            raise JobError("corrupt", "the compressed file ends too early")
        yield from ()
