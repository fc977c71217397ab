"""Fetches a release of Terraform and believes nothing that its checksums do not confirm."""

import hashlib
import io
import os
import tempfile
import urllib.request
import zipfile
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

from deployments.local.setup.paths import SetupError
from deployments.local.setup.versions import CHECKSUMS, PINNED

_TIMEOUT = 60.0
_ADVICE = (
    "Run the same command again, or install Terraform >= 1.10 by hand; "
    "TERRAFORM_RELEASES_URL names another place that holds the releases."
)


def fetch_terraform(
    base_url: str,
    platform: str,
    target: Path,
    *,
    version: str = PINNED,
    pinned: Mapping[str, str] = CHECKSUMS,
) -> Path:
    """Download the release for ``platform`` and put its executable at ``target``.

    The zip must match the release's SHA256SUMS and, where ``pinned`` has the platform, that too. The
    executable appears in one step, so an interrupted download leaves nothing behind.

    Raises:
        SetupError: nothing there, cut short, or a checksum that differs.
    """
    name = f"terraform_{version}_{platform}.zip"
    place = f"{base_url.rstrip('/')}/{version}"
    sums = _download(f"{place}/terraform_{version}_SHA256SUMS").decode("utf-8", "replace")
    archive = _download(f"{place}/{name}")
    _check(archive, f"{place}/{name}", {_listed(sums, name), pinned.get(platform)} - {None})
    _place(_executable(archive, f"{place}/{name}"), target)
    return target


def _download(url: str) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise SetupError(f"{url} is not a web address; mend TERRAFORM_RELEASES_URL.")
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:  # noqa: S310 - scheme checked above
            body: bytes = answer.read()
    except (OSError, HTTPException) as error:
        raise SetupError(f"Terraform could not be fetched from {url}: {error}. {_ADVICE}") from error
    return body


def _listed(sums: str, name: str) -> str:
    for line in sums.splitlines():
        digest, _, listed = line.partition("  ")
        if listed.strip() == name:
            return digest.strip().lower()
    raise SetupError(
        f"The release's SHA256SUMS does not list {name}: no Terraform for this platform. {_ADVICE}"
    )


def _check(archive: bytes, url: str, expected: set[str | None]) -> None:
    actual = hashlib.sha256(archive).hexdigest()
    if expected != {actual}:
        wanted = " and ".join(sorted(map(str, expected)))
        raise SetupError(f"{url} has SHA-256 {actual}, expected {wanted}: it was not installed. {_ADVICE}")


def _executable(archive: bytes, url: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as content:
            return content.read("terraform")
    except (zipfile.BadZipFile, KeyError) as error:
        raise SetupError(f"{url} holds no terraform executable: {error}. {_ADVICE}") from error


def _place(executable: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".terraform-")
    with os.fdopen(handle, "wb") as file:
        file.write(executable)
    Path(draft).chmod(0o755)
    Path(draft).replace(target)
