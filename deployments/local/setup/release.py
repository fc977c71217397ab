"""Fetches a release of Terraform and believes nothing that its checksums do not confirm."""

import hashlib
import io
import os
import platform
import re
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

from deployments.local.setup.paths import SetupError

MINIMUM = (1, 10, 0)
"""First release with everything that terraform/ uses."""
PINNED = "1.11.4"
RELEASES = "https://releases.hashicorp.com/terraform"
CHECKSUMS = {
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
}
"""SHA-256 of the pinned release's zip files. Other platforms rely on the release's own SHA256SUMS alone."""
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386"}


def platform_name(system: str = "", machine: str = "") -> str:
    """Return the platform as HashiCorp spells it, such as ``linux_amd64``."""
    kind = (machine or platform.machine()).lower()
    return f"{(system or platform.system()).lower()}_{_MACHINES.get(kind, kind)}"


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Find ``1.11.4`` in a version text; None where there is none."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def is_good(text: str) -> bool:
    """Whether ``terraform version``'s answer names a release that serves."""
    version = parse_version(text)
    return version is not None and version >= MINIMUM


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
        raise SetupError(f"{url} is not a web address; fix TERRAFORM_RELEASES_URL.")
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
        requested = " and ".join(sorted(map(str, expected)))
        raise SetupError(f"{url} has SHA-256 {actual}, expected {requested}: it was not installed. {_ADVICE}")


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


if __name__ == "__main__":  # for the image's build, which has no package yet
    base = os.environ.get("TERRAFORM_RELEASES_URL") or RELEASES
    try:
        fetch_terraform(base, platform_name(), Path(sys.argv[1]))
    except SetupError as error:
        sys.exit(str(error))
