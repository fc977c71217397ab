"""Reader of the zstd frames that earlier versions backed up as, through the system's libzstd, by ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from .errors import JobError

_LIBRARY = "libzstd.so.1"
_OUT = 1 << 17


class _Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t)]


def _load() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise JobError(
            "no-codec", f"the image has no {_LIBRARY}; install the package libzstd1 in it"
        ) from error
    pointer = ctypes.POINTER(_Buffer)
    library.ZSTD_createDCtx.restype = ctypes.c_void_p
    library.ZSTD_freeDCtx.argtypes = [ctypes.c_void_p]
    library.ZSTD_decompressStream.argtypes = [ctypes.c_void_p, pointer, pointer]
    library.ZSTD_decompressStream.restype = ctypes.c_size_t
    library.ZSTD_isError.argtypes = [ctypes.c_size_t]
    library.ZSTD_getErrorName.argtypes = [ctypes.c_size_t]
    library.ZSTD_getErrorName.restype = ctypes.c_char_p
    return library


class Decompressor:
    """Decompresses one frame."""

    def __init__(self) -> None:
        self._zstd = _load()
        self._context = self._zstd.ZSTD_createDCtx()
        self._room = ctypes.create_string_buffer(_OUT)
        self._left = 1

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the content of ``data`` in pieces of at most 128 KiB."""
        source = _Buffer(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data), 0)
        full = False
        while source.pos < source.size or full:
            output = _Buffer(ctypes.addressof(self._room), _OUT, 0)
            code = self._zstd.ZSTD_decompressStream(self._context, ctypes.byref(output), ctypes.byref(source))
            if self._zstd.ZSTD_isError(code):
                raise JobError("corrupt", f"zstd: {self._zstd.ZSTD_getErrorName(code).decode()}")
            self._left = code
            full = output.pos == output.size and bool(self._left)
            yield ctypes.string_at(self._room, output.pos)

    def finish(self) -> Iterator[bytes]:
        """Check that the frame was complete, and free the context."""
        self._zstd.ZSTD_freeDCtx(self._context)
        if self._left:
            raise JobError("corrupt", "the compressed file ends too early")
        yield from ()
