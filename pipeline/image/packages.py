"""Packages in an image: Debian's, Alpine's and Python's, as its files tell. Pure.

Programs that were copied in, and packages of other languages and of RPM, are not seen.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid4, uuid5

if TYPE_CHECKING:
    from packageurl import PackageURL

TELLING = re.compile(
    r"(usr/lib|etc)/os-release|var/lib/dpkg/(status|status\.d/[^/]+)|(usr/)?lib/apk/db/installed"
    r"|(.+/)?[^/]+\.(dist-info/METADATA|egg-info/PKG-INFO)"
)
"""Paths, without leading slash, of files that tell of packages or of the distribution."""


@dataclass(frozen=True, order=True)
class Package:
    """One package in an image."""

    kind: str
    """deb, apk, pypi or generic, as package URLs name it."""
    name: str
    version: str
    architecture: str = ""


def tells_of_packages(path: str) -> bool:
    """Whether the file at a path of an image tells of packages or of the distribution."""
    return TELLING.fullmatch(path) is not None


def packages_of(files: Mapping[str, bytes]) -> list[Package]:
    """Return the packages that an image's files tell of, each once, in their order."""
    found: set[Package] = set()
    for path, body in files.items():
        if path.endswith(("/METADATA", "/PKG-INFO")):
            found.update(_python(body))
        elif path.endswith("/apk/db/installed"):
            found.update(_alpine(body))
        elif path.startswith("var/lib/dpkg/") and not path.endswith(".md5sums"):
            found.update(_debian(body))
    return sorted(found)


def _python(body: bytes) -> Iterator[Package]:
    head = message_from_bytes(body)
    name, version = str(head.get("Name") or "").strip(), str(head.get("Version") or "").strip()
    if name and version:
        yield Package("pypi", re.sub(r"[-_.]+", "-", name).lower(), version)


def _alpine(body: bytes) -> Iterator[Package]:
    for fields in _paragraphs(body, ":"):
        if {"P", "V"} <= fields.keys():
            yield Package("apk", fields["P"], fields["V"], fields.get("A", ""))


def _debian(body: bytes) -> Iterator[Package]:
    for fields in _paragraphs(body, ": "):
        if not {"Package", "Version"} <= fields.keys():
            continue
        if fields.get("Status", "installed").split()[-1:] == ["installed"]:
            yield Package("deb", fields["Package"], fields["Version"], fields.get("Architecture", ""))


def _paragraphs(body: bytes, colon: str) -> Iterator[dict[str, str]]:
    for paragraph in body.decode("utf-8", "replace").split("\n\n"):
        fields: dict[str, str] = {}
        for line in paragraph.splitlines():
            name, found, value = line.partition(colon)
            if found and not line.startswith((" ", "\t")):
                fields.setdefault(name, value.strip())
        yield fields


def _distribution(files: Mapping[str, bytes]) -> dict[str, str]:
    text = (files.get("etc/os-release") or files.get("usr/lib/os-release") or b"").decode("utf-8", "replace")
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        with suppress(ValueError):
            found[name] = "".join(shlex.split(value)[:1])
    return found


def software_bill(
    name: str,
    version: str,
    digest: str,
    files: Mapping[str, bytes],
    made_at: datetime,
    others: Iterable[Package] = (),
) -> tuple[bytes, int]:
    """Return the bill of materials of an image (SBOM: CycloneDX 1.6, JSON), and how many packages it lists.

    Args:
        name: of the image's repository.
        version: name of the release.
        digest: of the image, ``sha256:…``; "" where it is not known yet.
        files: those of the image that ``tells_of_packages``.
        made_at: time to write into it.
        others: packages of which no file tells.
    """
    # Imported where it is needed: it takes a third of a second, which no other step shall wait for.
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    image = Component(
        type=ComponentType.CONTAINER,
        name=name,
        version=version,
        bom_ref=digest or name,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))]
        if digest
        else [],
    )
    packages, distribution = [*packages_of(files), *others], _distribution(files)
    parts = [
        Component(
            type=ComponentType.LIBRARY, name=item.name, version=item.version, purl=url, bom_ref=str(url)
        )
        for item, url in zip(packages, _urls(packages, distribution), strict=True)
    ]
    system = distribution.get("ID")
    if system:
        of = distribution.get("VERSION_ID")
        parts.append(Component(type=ComponentType.OPERATING_SYSTEM, name=system, version=of))
    about = BomMetaData(component=image, timestamp=made_at)
    serial = uuid5(NAMESPACE_OID, digest) if digest else uuid4()
    bill = Bom(components=parts, metadata=about, serial_number=serial)
    bill.register_dependency(image, parts)
    return JsonV1Dot6(bill).output_as_string().encode(), len(packages)


def _urls(packages: Iterable[Package], distribution: Mapping[str, str]) -> Iterator["PackageURL"]:
    from packageurl import PackageURL

    system = distribution.get("ID", "")
    release = "-".join(filter(None, [system, distribution.get("VERSION_ID", "")]))
    for item in packages:
        if item.kind in ("pypi", "generic"):
            yield PackageURL(item.kind, None, item.name, item.version)
            continue
        namespace = system or {"deb": "debian", "apk": "alpine"}[item.kind]
        told = {"arch": item.architecture, "distro": release}
        qualifiers = {key: value for key, value in told.items() if value}
        yield PackageURL(item.kind, namespace, item.name, item.version, qualifiers)
