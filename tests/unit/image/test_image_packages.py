"""Packages of an image, and its bill of materials."""

import json
from datetime import UTC, datetime

import pytest
from support.image_layers import INSTALLED, METADATA, RELEASE, STATUS

from pipeline.image.packages import Package, packages_of, software_bill, tells_of_packages

SITE = "usr/local/lib/python3.12/site-packages"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("var/lib/dpkg/status", True),
        ("var/lib/dpkg/status.d/base", True),
        ("var/lib/dpkg/status-old", False),
        ("lib/apk/db/installed", True),
        ("usr/lib/apk/db/installed", True),
        ("etc/os-release", True),
        ("home/me/etc/os-release", False),
        (f"{SITE}/django-5.0.dist-info/METADATA", True),
        (f"{SITE}/django-5.0.dist-info/RECORD", False),
        ("opt/venv/lib/python3.11/site-packages/x.egg-info/PKG-INFO", True),
        ("app/METADATA", False),
    ],
)
def test_files_that_tell_of_packages(path: str, wanted: bool) -> None:
    """Wherever Python's are; those of the system in their place."""
    assert tells_of_packages(path) is wanted


@pytest.mark.parametrize(
    ("path", "body", "found"),
    [
        ("var/lib/dpkg/status", STATUS, [Package("deb", "libc6", "2.36-9+deb12u9", "amd64")]),
        ("var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 1\n", [Package("deb", "tzdata", "1")]),
        ("var/lib/dpkg/status.d/tzdata.md5sums", "Package: tzdata\nVersion: 1\n", []),
        (
            "lib/apk/db/installed",
            INSTALLED,
            [Package("apk", "busybox", "1.36.1-r29", "x86_64"), Package("apk", "musl", "1.2.5-r0", "x86_64")],
        ),
        (f"{SITE}/d.dist-info/METADATA", METADATA, [Package("pypi", "django-filter", "24.3")]),
        (f"{SITE}/d.dist-info/METADATA", "nonsense", []),
        ("lib/apk/db/installed", "", []),
        ("var/lib/dpkg/status", "\ufffd: \n\n\n", []),
    ],
)
def test_packages_that_a_file_tells_of(path: str, body: str, found: list[Package]) -> None:
    """Installed ones only; nonsense tells of none."""
    assert packages_of({path: body.encode()}) == found


def test_a_package_that_is_there_twice_is_listed_once() -> None:
    """Two virtual environments may hold the same."""
    files = {f"{place}/d.dist-info/METADATA": METADATA.encode() for place in ("a", "b")}
    assert len(packages_of(files)) == 1


def test_the_bill_is_cyclonedx() -> None:
    """It names the image by its digest, the distribution, and each package by its package URL."""
    files = {
        "var/lib/dpkg/status": STATUS.encode(),
        "usr/lib/os-release": RELEASE.encode(),
        f"{SITE}/d.dist-info/METADATA": METADATA.encode(),
    }
    digest = f"sha256:{'ab' * 32}"
    made_at = datetime(2025, 3, 1, tzinfo=UTC)
    body, count = software_bill("pay", "r1", digest, files, made_at)
    bill = json.loads(body)
    assert count == 2
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert {item.get("purl", item["name"]) for item in bill["components"]} == {
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64&distro=debian-12",
        "pkg:pypi/django-filter@24.3",
        "debian",
    }


def test_an_image_without_packages_has_an_empty_bill() -> None:
    """One that is made from scratch."""
    body, count = software_bill("pay", "r1", f"sha256:{'0' * 64}", {}, datetime(2025, 3, 1, tzinfo=UTC))
    assert count == 0
    assert "components" not in json.loads(body)
