"""Contents of a repository, in our own types. Times are aware UTC datetimes, sizes are bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from pipeline.errors import PipelineError


@dataclass(frozen=True)
class Reference:
    """HOST/PATH:TAG@DIGEST; a part that is not there is ""."""

    host: str
    path: str
    tag: str
    digest: str


def parse_reference(text: str) -> Reference:
    """Parse an image reference as Docker reads it: a first part with a dot or port is the host.

    A reference without tag and digest means the tag ``latest``.
    """
    name, _, digest = text.partition("@")
    first, slash, rest = name.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    host, remainder = (first, rest) if is_host else ("", name)
    path, _, tag = remainder.partition(":")
    return Reference(host, path, tag or ("" if digest else "latest"), digest)


@dataclass(frozen=True)
class ProtectedImages:
    """Images that no cleanup may touch, each with its user."""

    digests: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags that a task definition names without a digest."""
    own_digests: frozenset[str] = frozenset()
    """Those of ``digests`` that are certainly meant to be in this repository."""


class EcrError(PipelineError):
    """The repository could not be read or cleaned."""


_SUBJECT_TAG = re.compile(r"^sha256-([0-9a-f]{64})(\..+)?$")
"""Tag that makes an image refer to another: OCI distribution 1.1, "Referrers tag schema", and cosign."""


@dataclass(frozen=True)
class RegistryImage:
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
    images: tuple[RegistryImage, ...]

    @cached_property
    def by_digest(self) -> Mapping[str, RegistryImage]:
        """The images by digest."""
        return {image.digest: image for image in self.images}

    @cached_property
    def by_tag(self) -> Mapping[str, RegistryImage]:
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


@dataclass(frozen=True)
class CleanupPolicy:
    """Everything not kept by one of these, nor in use, goes.

    Raises:
        EcrError: a number is out of range.
    """

    keep_newest: int = 20
    """Newest tagged images that stay."""
    keep_days: int = 30
    """Tagged images younger than this stay."""
    keep_tags: tuple[str, ...] = ("latest", "*cache*")
    """Images with a tag of one of these shell patterns stay."""
    grace: timedelta = timedelta(hours=24)
    """Whatever is younger stays: a push uploads an index's children, untagged, before the index."""
    max_share: float = 0.5
    """Largest part of the repository's images that one run deletes; the rest waits for the next."""

    def __post_init__(self) -> None:
        if self.keep_newest < 1 or self.keep_days < 0 or not 0 <= self.max_share <= 1:
            raise EcrError(
                f"The cleanup policy is not usable: keep_newest={self.keep_newest} (at least 1), "
                f"keep_days={self.keep_days} (0 or more), max_share={self.max_share} (0 to 1). Correct it."
            )
