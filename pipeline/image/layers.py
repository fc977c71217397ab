"""Reads files of an image from the layers that its registry keeps, without an engine."""

import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BufferedReader, RawIOBase
from typing import IO, Any, cast

import httpx

from pipeline.aws.access import AwsAccess
from pipeline.image.registry import open_blob, read_manifest
from pipeline.image.request import RegistryError

LARGEST = 1 << 30
"""Bytes of an image's packed layers above which none is read."""
SECONDS = 60.0
"""Time that reading an image may take."""
_WANTED = 64 << 20
"""Bytes of all wanted files of a layer above which an image is not read: it would fill the memory."""
_HIDDEN, _OPAQUE = ".wh.", ".wh..wh..opq"
"""Names that hide what lower layers have (OCI image specification, "Whiteouts")."""


class UnreadableLayerError(RegistryError):
    """A layer is not handed out, in a form that is not understood, too large or too slow."""


def read_files(
    access: AwsAccess,
    repository: str,
    digest: str,
    wanted: Callable[[str], bool],
    registry: str | None = None,
) -> dict[str, bytes]:
    """Return the wanted files of an image as a container would see them, by path without leading slash.

    Args:
        access: of the account that has the registry.
        repository: its name in ECR.
        digest: of the image; not of an index.
        wanted: whether the file at a path is.
        registry: host that serves blobs in ECR's place (an emulator's).

    Raises:
        UnreadableLayerError: saying which layer and why.
        RegistryError: the registry hands out no manifest.
        AwsError: ECR refuses or cannot be reached.
    """
    layers: Sequence[Mapping[str, object]] = read_manifest(access, repository, digest)["layers"]
    size = sum(int(str(layer.get("size") or 0)) for layer in layers)
    if size > LARGEST:
        raise UnreadableLayerError(f"its layers are {size >> 20} MB; above {LARGEST >> 20} none is read")
    until = time.monotonic() + SECONDS
    files: dict[str, bytes] = {}
    for layer in layers:
        blob = str(layer["digest"])
        try:
            with open_blob(access, repository, blob, registry) as answer:
                files = lay_over(files, _Stream(answer.iter_raw(1 << 17), until), wanted)
        except (httpx.HTTPError, tarfile.TarError, OSError, EOFError) as error:
            reason = type(error).__name__  # the URL is signed
            raise UnreadableLayerError(f"layer {blob[:19]} could not be read ({reason})") from None
    return files


def lay_over(below: Mapping[str, bytes], layer: RawIOBase, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return the wanted files once a layer, a tar that may be packed by gzip, lies over those below."""
    added: dict[str, bytes] = {}
    left = _WANTED
    hidden: list[str] = []
    with tarfile.open(fileobj=BufferedReader(layer), mode="r|*") as archive:
        for member in archive:
            path = member.name.removeprefix("./").lstrip("/")
            folder, slash, name = path.rpartition("/")
            if name == _OPAQUE:
                hidden.append(folder + slash)
            elif name.startswith(_HIDDEN):
                gone = folder + slash + name.removeprefix(_HIDDEN)
                hidden += [gone, f"{gone}/"]
            elif member.isreg() and wanted(path):
                left -= member.size
                if left < 0:
                    raise UnreadableLayerError(
                        f"files that tell of packages are more than {_WANTED >> 20} MB"
                    )
                added[path] = cast("IO[bytes]", archive.extractfile(member)).read()
    return {path: body for path, body in below.items() if not _is_hidden(path, hidden)} | added


def _is_hidden(path: str, hidden: Sequence[str]) -> bool:
    return any(path == name or (path.startswith(name) and name[-1:] in ("/", "")) for name in hidden)


class _Stream(RawIOBase):
    """A file to read once from the chunks of an answer."""

    def __init__(self, chunks: Iterator[bytes], until: float) -> None:
        self._chunks, self._until, self._left = chunks, until, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._left:
            if time.monotonic() > self._until:
                raise UnreadableLayerError(f"reading its layers took more than {SECONDS:.0f} s")
            self._left = memoryview(next(self._chunks, b""))
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
