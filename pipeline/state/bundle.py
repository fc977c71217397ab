"""A Terraform configuration as one archive that comes out the same from the same files."""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from pipeline.state.model import StateError

VARIABLES = "pipeline.tfvars.json"
_LEFT_OUT_FOLDERS = frozenset({".terraform", "tests", "__pycache__", ".git"})
_LEFT_OUT_SUFFIXES = (".tfstate", ".tfstate.backup", ".tfplan", ".log", ".pyc")


@dataclass(frozen=True)
class Bundle:
    """The archive (tar.gz): the configuration's files, its provider lock, and the pipeline's variables."""

    body: bytes = field(repr=False)
    sha256: str
    files: tuple[str, ...]


def pack(module: Path, variables: Mapping[str, Any], secret_names: Collection[str] = ()) -> Bundle:
    """Pack the root module's folder and the variables, without the values of ``secret_names``.

    The same files give the same bytes: names are sorted, times and owners left out.
    """
    public = {name: value for name, value in sorted(variables.items()) if name not in secret_names}
    contents = {name: (module / name).read_bytes() for name in _files(module)}
    contents[VARIABLES] = json.dumps(public, indent=2, sort_keys=True).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(contents):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(contents[name]), 0o644
            archive.addfile(entry, io.BytesIO(contents[name]))
    body = gzip.compress(packed.getvalue(), mtime=0)
    return Bundle(body, hashlib.sha256(body).hexdigest(), tuple(sorted(contents)))


def unpack(body: bytes, sha256: str, folder: Path) -> dict[str, Any]:
    """Unpack a bundle into an empty folder, and return the pipeline's variables.

    Raises:
        StateError: the archive is not the one that was recorded, or holds what ``pack`` never puts into one.
    """
    if hashlib.sha256(body).hexdigest() != sha256:
        raise StateError(f"The recorded configuration {sha256[:12]} is damaged. Choose another record.")
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
        _extract(archive, folder)
    return dict(json.loads((folder / VARIABLES).read_text(encoding="utf-8")))


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the files, without their modes, once all are found to be files that stay below ``folder``.

    Python's own ``filter="data"`` came with 3.11.4; Debian 12 has 3.11.2.
    """
    entries = archive.getmembers()
    for entry in entries:
        if not (entry.isreg() and _stays_below(entry.name)):
            raise StateError(
                f"The recorded configuration holds {entry.name!r}, which is no plain file below its folder. "
                "Nothing was unpacked. Choose another record, and find out who wrote this one."
            )
    for entry in entries:
        target = folder / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            shutil.copyfileobj(
                cast("IO[bytes]", archive.extractfile(entry)), file
            )  # a plain file has content


def _stays_below(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and ".." not in parts and not PurePosixPath(name).is_absolute()


def git_revision(folder: Path) -> str:
    """Return the commit of the folder, with "+changes" when it has uncommitted ones; "" outside of git."""
    head = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--", ".") if head else ""
    return f"{head}+changes" if changed else head


def _git(folder: Path, *arguments: str) -> str:
    try:
        found = subprocess.run(  # noqa: S603 - an argument list, no shell
            ["git", *arguments],  # noqa: S607 - git is looked up in PATH as everywhere
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def _files(module: Path) -> list[str]:
    names = (path.relative_to(module) for path in module.rglob("*") if path.is_file())
    return sorted(name.as_posix() for name in names if _belongs(name))


def _belongs(name: Path) -> bool:
    if _LEFT_OUT_FOLDERS & set(name.parts[:-1]):
        return False
    return name.as_posix() != VARIABLES and not name.name.endswith(_LEFT_OUT_SUFFIXES)
