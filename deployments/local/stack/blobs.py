"""Layers of the emulated registry as files, outside the emulator's memory and saved state.

MiniStack 1.5 holds each layer in memory and writes all of them, in base64, with every save of its state:
gigabytes after an afternoon of deployments, and a second of work after each request.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ministack.core.persistence import load_state  # type: ignore[import-untyped] # has no types
from ministack.core.responses import (  # type: ignore[import-untyped] # has no types
    AccountRegionScopedDict,
)
from ministack.services import ecr  # type: ignore[import-untyped] # has no types

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Blobs(dict[str, bytes]):
    """The blobs of one repository by digest: a file for each; the dictionary itself stays empty."""

    def __init__(self, folder: Path, present: Mapping[str, Any]) -> None:
        """Take over what an earlier state held in memory."""
        super().__init__()
        self._folder = folder
        for digest, data in present.items():
            self[digest] = data

    def __deepcopy__(self, _: object) -> dict[str, bytes]:
        """Return what is saved with the emulator's state: nothing."""
        return {}

    def __contains__(self, digest: object) -> bool:
        return self._file(str(digest)).exists()

    def __getitem__(self, digest: str) -> bytes:
        try:
            return self._file(digest).read_bytes()
        except FileNotFoundError:
            raise KeyError(digest) from None

    def __setitem__(self, digest: str, data: bytes) -> None:
        """Write the whole file or none: a kill must leave no half of a layer under its digest."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._file(f"{digest}.partial")
        partial.write_bytes(data)
        partial.replace(self._file(digest))

    def get(self, digest: str, default: Any = None) -> Any:
        """Return a blob."""
        try:
            return self[digest]
        except KeyError:
            return default

    def pop(self, digest: str, default: Any = None) -> Any:
        """Forget a blob."""
        self._file(digest).unlink(missing_ok=True)
        return default

    def _file(self, digest: str) -> Path:
        return self._folder / quote(digest, safe="")


class BlobStore(AccountRegionScopedDict):  # type: ignore[misc] # has no types
    """The blobs of each account, region and repository."""

    def __init__(self, folder: Path) -> None:
        """Keep them below ``folder``."""
        super().__init__()
        self._folder = folder

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return a repository's blobs."""
        return super().setdefault(key, self._blobs(self._scoped(key), default or {}))

    def update(self, other: Any) -> None:
        """Take over a saved state."""
        super().update(other)
        for key, value in self._data.items():
            self._data[key] = self._blobs(key, value)

    def clear(self) -> None:
        """Forget all."""
        super().clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _blobs(self, key: tuple[str, ...], present: Mapping[str, Any]) -> Blobs:
        return Blobs(self._folder.joinpath(*(quote(part, safe="") for part in key)), present)


def install(state: Path) -> Path:
    """Let the registry keep its layers below ``state``, without those that no image has any more.

    They go before the registry answers: no push goes on then. Return the folder of the layers.
    """
    folder = state / "blobs"
    for path in unused_layers(folder, load_state("ecr") or {}):
        path.unlink()
    ecr._layer_blobs = BlobStore(folder)
    return folder


def unused_layers(folder: Path, state: Mapping[str, Any]) -> list[Path]:
    """Return the files of layers that no image has in the registry's ``state``."""
    used = referenced(
        _DIGEST.findall(repr(_values(state.get("images")))),
        {
            digest: data
            for manifests in _values(state.get("manifest_blobs"))
            for digest, data in manifests.items()
        },
    )
    names = {quote(digest, safe="") for digest in used}
    return [file for file in folder.rglob("*") if file.is_file() and file.name not in names]


def _values(store: Any) -> list[Any]:
    return list(store.all_values()) if isinstance(store, AccountRegionScopedDict) else []


def referenced(images: list[str], manifests: Mapping[str, bytes]) -> set[str]:
    """Return the digests that the images name, and their manifests, and so on."""
    found: set[str] = set()
    waiting = list(images)
    while waiting:
        if (digest := waiting.pop()) not in found:
            found.add(digest)
            waiting += _DIGEST.findall(bytes(manifests.get(digest, b"")).decode(errors="replace"))
    return found
