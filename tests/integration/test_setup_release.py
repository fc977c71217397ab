"""Terraform's release is fetched from a loopback server that behaves well and badly."""

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from support.http_serving import serving_http

from deployments.local.setup.paths import SetupError
from deployments.local.setup.release import PINNED, fetch_terraform, platform_name
from deployments.local.setup.terraform import ensure_terraform

SCRIPT = b"#!/bin/sh\necho Terraform v1.11.4\n"


class Releases:
    """A made-up release site; tests change what it serves."""

    def __init__(self, platform: str) -> None:
        self.zip_path = f"/{PINNED}/terraform_{PINNED}_{platform}.zip"
        self.sums_path = f"/{PINNED}/terraform_{PINNED}_SHA256SUMS"
        archive = _zip("terraform")
        self.digest = hashlib.sha256(archive).hexdigest()
        self.files = {self.zip_path: archive, self.sums_path: self.sums(archive)}
        self.cut: set[str] = set()
        self.url = ""

    def sums(self, archive: bytes) -> bytes:
        """Write the checksum file of an archive."""
        return f"{hashlib.sha256(archive).hexdigest()}  {self.zip_path.rpartition('/')[2]}\n".encode()


@pytest.fixture
def releases() -> Iterator[Releases]:
    """A site that serves one good release for this machine's platform."""
    site = Releases(platform_name())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.files.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write((body or b"")[: 10 if self.path in site.cut else None])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Stay silent."""

    with serving_http(Handler) as host:
        site.url = f"http://{host}"
        yield site


def test_a_good_release_is_installed_and_runs(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no Terraform in PATH the release at TERRAFORM_RELEASES_URL is fetched, once."""
    target = tmp_path / "bin/terraform"
    fetch_terraform(releases.url, platform_name(), target, pinned={})
    assert target.read_bytes() == SCRIPT
    assert os.access(target, os.X_OK)

    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("TERRAFORM_RELEASES_URL", releases.url)
    releases.files.clear()
    assert ensure_terraform(target) == target, "it is there, so nothing is fetched"


def test_one_in_path_is_used_and_said_to_be_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its version is looked at; who put it there is trusted."""
    own = tmp_path / "terraform"
    own.write_bytes(SCRIPT)
    own.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert ensure_terraform(tmp_path / "bin/terraform") == own
    said = capsys.readouterr().out
    assert "checksum was compared with nothing" in said
    assert hashlib.sha256(SCRIPT).hexdigest() in said


def test_the_releases_url_is_honoured_and_the_pinned_checksum_too(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A consistent but foreign release is refused, as its zip is not the one that this project knows."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("TERRAFORM_RELEASES_URL", releases.url)
    with pytest.raises(SetupError, match=releases.digest):
        ensure_terraform(tmp_path / "terraform")
    assert list(tmp_path.iterdir()) == []


def test_a_corrupted_archive_is_refused(releases: Releases, tmp_path: Path) -> None:
    """A zip that differs from its SHA256SUMS is not installed."""
    releases.files[releases.zip_path] += b"!"
    _refused(releases, tmp_path, "expected")


def test_a_missing_archive_is_refused(releases: Releases, tmp_path: Path) -> None:
    """A 404 is reported with its address and what to do."""
    del releases.files[releases.zip_path]
    _refused(releases, tmp_path, "404.*TERRAFORM_RELEASES_URL")


def test_an_interrupted_download_is_refused(releases: Releases, tmp_path: Path) -> None:
    """A body that ends early leaves nothing behind, and the next try succeeds."""
    releases.cut.add(releases.zip_path)
    _refused(releases, tmp_path, "could not be fetched.*IncompleteRead")
    releases.cut.clear()
    assert fetch_terraform(releases.url, platform_name(), tmp_path / "terraform", pinned={}).exists()


def test_an_unlisted_platform_is_refused(releases: Releases, tmp_path: Path) -> None:
    """A platform that SHA256SUMS does not list has no release."""
    releases.files[releases.sums_path] = b"00  another.zip\n"
    _refused(releases, tmp_path, "does not list")


def test_an_archive_without_terraform_is_refused(releases: Releases, tmp_path: Path) -> None:
    """A zip with the right checksum but other content is not installed."""
    archive = _zip("readme")
    releases.files = {releases.zip_path: archive, releases.sums_path: releases.sums(archive)}
    _refused(releases, tmp_path, "holds no terraform executable")


def test_nobody_listening_is_reported(tmp_path: Path) -> None:
    """A site that cannot be reached is named."""
    with pytest.raises(SetupError, match=r"127\.0\.0\.1:9/"):
        fetch_terraform("http://127.0.0.1:9", "linux_amd64", tmp_path / "terraform")


def _refused(releases: Releases, folder: Path, pattern: str) -> None:
    with pytest.raises(SetupError, match=pattern):
        fetch_terraform(releases.url, platform_name(), folder / "terraform", pinned={})
    assert list(folder.iterdir()) == []


def _zip(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, SCRIPT)
    return buffer.getvalue()
