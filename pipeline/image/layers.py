"""Reads files of an image from the layers that its registry keeps, without an engine."""

import hashlib
import os
import re
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any, cast

import httpx
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as pydantic_dataclass

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


@pydantic_dataclass(config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"))
class Layer:
    """The wanted files of one layer, by path without leading slash, and what it hides of those below."""

    added: dict[str, bytes]
    hidden: list[str]


_LAYER = TypeAdapter(Layer)


def read_files(
    access: AwsAccess,
    repository: str,
    digest: str,
    wanted: re.Pattern[str],
    registry: str | None = None,
    *,
    notes: Path,
) -> dict[str, bytes]:
    """Return the wanted files of an image as a container would see them, by path without leading slash.

    Args:
        access: of the account that has the registry.
        repository: its name in ECR.
        digest: of the image; not of an index.
        wanted: matches the path of each that is.
        registry: host that serves blobs in ECR's place (an emulator's).
        notes: folder where what was found in a layer is noted: most layers are those of the image before.
            Only those of this image stay.

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
    named: set[str] = set()
    for layer in layers:
        blob = str(layer["digest"])
        note = notes / hashlib.sha256(f"{blob} {wanted.pattern}".encode()).hexdigest()
        named.add(note.name)
        found = _noted(note)
        if found is None:
            found = _read(access, repository, blob, registry, until, wanted)
            _write(note, found)
        files = lay_over(files, found)
    for old in notes.iterdir():
        if old.name not in named:
            old.unlink(missing_ok=True)
    return files


def _noted(note: Path) -> Layer | None:
    with suppress(OSError, ValueError):
        return _LAYER.validate_json(note.read_bytes())
    return None


def _write(note: Path, found: Layer) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    written = note.with_suffix(f".{os.getpid()}")
    written.write_bytes(_LAYER.dump_json(found))
    written.replace(note)


def _read(
    access: AwsAccess, repository: str, blob: str, registry: str | None, until: float, wanted: re.Pattern[str]
) -> Layer:
    try:
        with open_blob(access, repository, blob, registry) as answer:
            return read_layer(_Stream(answer.iter_raw(1 << 17), until), wanted)
    except (httpx.HTTPError, tarfile.TarError, OSError, EOFError) as error:
        reason = type(error).__name__  # the URL is signed
        raise UnreadableLayerError(f"layer {blob[:19]} could not be read ({reason})") from None


def read_layer(packed: RawIOBase, wanted: re.Pattern[str]) -> Layer:
    """Read a layer: a tar that may be packed by gzip."""
    found = Layer({}, [])
    left = _WANTED
    with tarfile.open(fileobj=BufferedReader(packed), mode="r|*") as archive:
        for member in archive:
            path = member.name.removeprefix("./").lstrip("/")
            folder, slash, name = path.rpartition("/")
            if name == _OPAQUE:
                found.hidden.append(folder + slash)
            elif name.startswith(_HIDDEN):
                gone = folder + slash + name.removeprefix(_HIDDEN)
                found.hidden += [gone, f"{gone}/"]
            elif member.isreg() and wanted.fullmatch(path):
                left -= member.size
                if left < 0:
                    raise UnreadableLayerError(
                        f"files that tell of packages are more than {_WANTED >> 20} MB"
                    )
                found.added[path] = cast("IO[bytes]", archive.extractfile(member)).read()
    return found


def lay_over(below: Mapping[str, bytes], layer: Layer) -> dict[str, bytes]:
    """Return the files once a layer lies over those below (pure)."""
    seen = {path: body for path, body in below.items() if not _is_hidden(path, layer.hidden)}
    return seen | layer.added


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
