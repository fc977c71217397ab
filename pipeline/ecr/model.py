"""What a repository holds, in our own types. Times are aware UTC datetimes, sizes are bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

_SUBJECT_TAG = re.compile(r"^sha256-([0-9a-f]{64})(\..+)?$")
"""Tag that makes an image refer to another: OCI distribution 1.1, "Referrers tag schema", and cosign."""


@dataclass(frozen=True)
class Image:
    """One manifest of the repository: an image, an index of images, or an artifact about an image."""

    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime
    size: int
    """Compressed layers in bytes; layers shared with other images are counted in each."""
    children: tuple[str, ...] = ()
    """Digests of the manifests that an index lists."""
    subject: str | None = None
    """Digest of the image that this artifact (signature, SBOM, attestation) is about."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every image that this one refers to, by its manifest or by its tags."""
        tagged = (_SUBJECT_TAG.match(tag) for tag in self.tags)
        named = [f"sha256:{match.group(1)}" for match in tagged if match]
        return tuple(dict.fromkeys(filter(None, [self.subject, *named])))

    @property
    def release_tags(self) -> tuple[str, ...]:
        """Tags that people or releases gave, without those that only refer to another image."""
        return tuple(tag for tag in self.tags if not _SUBJECT_TAG.match(tag))


@dataclass(frozen=True)
class Inventory:
    """A repository at one moment."""

    repository: str
    images: tuple[Image, ...]

    @cached_property
    def by_digest(self) -> Mapping[str, Image]:
        """The images by digest."""
        return {image.digest: image for image in self.images}

    @cached_property
    def by_tag(self) -> Mapping[str, Image]:
        """The images by each of their tags."""
        return {tag: image for image in self.images for tag in image.tags}

    @cached_property
    def edges(self) -> Mapping[str, tuple[str, ...]]:
        """For each image, those that must stay as long as it stays: its children and its referrers."""
        found = {image.digest: [c for c in image.children if c in self.by_digest] for image in self.images}
        for image in self.images:
            for subject in image.subjects:
                if subject in found:
                    found[subject].append(image.digest)
        return {digest: tuple(dict.fromkeys(others)) for digest, others in found.items()}
