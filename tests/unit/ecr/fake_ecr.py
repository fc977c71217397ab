"""An ECR that keeps the real one's limits, where emulators are lenient."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from pipeline.aws.access import AwsAccess
from pipeline.ecr.model import Inventory, RegistryImage

INDEX = "application/vnd.oci.image.index.v1+json"
PLAIN = "application/vnd.oci.image.manifest.v1+json"


def digest_of(name: object) -> str:
    """Return a made-up digest that shows its name."""
    return "sha256:" + str(name).encode().hex().rjust(64, "0")


@dataclass
class FakeEcr:
    """Behaves as the ECR API reference says: ids per call, page sizes, references between manifests."""

    images: dict[str, RegistryImage]
    throttle_every: int = 0
    """Every so manieth deletion call is throttled."""
    deaf_to: frozenset[str] = frozenset()
    """Digests whose deletion reports success and does nothing."""
    before_delete: Callable[[], None] | None = None
    calls: Counter[str] = field(default_factory=Counter)
    busiest: int = 0
    """Most deletion calls at one time."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0

    def get_paginator(self, operation: str) -> Any:
        """Return a paginator of describe_images or list_images."""
        return _Paginator(self, operation)

    def batch_get_image(self, *, repositoryName: str, imageIds: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        """Return manifests."""
        self._check(imageIds, "BatchGetImage")
        found = [self.images[item["imageDigest"]] for item in imageIds if item["imageDigest"] in self.images]
        return {"images": [_manifest(image) for image in found], "failures": []}

    def batch_delete_image(self, *, repositoryName: str, imageIds: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        """Delete, with a failure per image that cannot be deleted."""
        with self._lock:
            self._running += 1
            self.busiest = max(self.busiest, self._running)
        if self.before_delete:
            self.before_delete()
        try:
            self._check(imageIds, "BatchDeleteImage")
            with self._lock:
                listed = {child for image in self.images.values() for child in image.children}
                failures = [self._delete(item["imageDigest"], listed) for item in imageIds]
            return {"imageIds": [], "failures": [item for item in failures if item]}
        finally:
            with self._lock:
                self._running -= 1

    def _delete(self, digest: str, listed: set[str]) -> dict[str, Any] | None:
        code = None
        if digest not in self.images:
            code = "ImageNotFound"
        elif digest in listed:
            code = "ImageReferencedByManifestList"
        elif digest not in self.deaf_to:
            del self.images[digest]
        if code is None:
            return None
        return {"imageId": {"imageDigest": digest}, "failureCode": code, "failureReason": code}

    def _check(self, ids: Sequence[Any], operation: str) -> None:
        with self._lock:
            self.calls[operation] += 1
            count = self.calls[operation]
        if not 1 <= len(ids) <= 100:
            raise _error("InvalidParameterException", f"imageIds has {len(ids)} members", operation)
        if operation == "BatchDeleteImage" and self.throttle_every and count % self.throttle_every == 0:
            raise _error("ThrottlingException", "Rate exceeded", operation)


@dataclass
class _Paginator:
    ecr: FakeEcr
    operation: str

    def paginate(self, *, repositoryName: str, PaginationConfig: dict[str, int]) -> Iterator[dict[str, Any]]:  # noqa: N803 - boto3's spelling
        size = PaginationConfig["PageSize"]
        assert size <= 1000
        key, make = {
            "describe_images": ("imageDetails", _detail),
            "list_images": ("imageIds", lambda image: {"imageDigest": image.digest}),
        }[self.operation]
        images = list(self.ecr.images.values())
        for start in range(0, max(len(images), 1), size):
            self.ecr.calls[self.operation] += 1
            yield {key: [make(image) for image in images[start : start + size]]}


def _detail(image: RegistryImage) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "imageDigest": image.digest,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": INDEX if image.children else PLAIN,
    }
    if image.tags:
        detail["imageTags"] = list(image.tags)
    if image.subject:
        detail["subjectManifestDigest"] = image.subject
    return detail


def _manifest(image: RegistryImage) -> dict[str, Any]:
    document = {"manifests": [{"digest": digest} for digest in image.children]}
    return {"imageId": {"imageDigest": image.digest}, "imageManifest": json.dumps(document)}


def _error(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass(frozen=True)
class FakeAccess(AwsAccess):
    """Access that hands out one prepared client."""

    prepared: Any = None

    def client(self, service: str) -> Any:
        """Return the prepared client."""
        return self.prepared


def access_to(ecr: FakeEcr) -> FakeAccess:
    """Return access to a fake registry."""
    return FakeAccess("af-south-1", prepared=ecr)


def inventory_of(*images: RegistryImage) -> Inventory:
    """Return an inventory of these images."""
    return Inventory("app", images)


def image(name: object, pushed_at: datetime, *tags: str, **more: Any) -> RegistryImage:
    """Return an image of 10 bytes."""
    return RegistryImage(digest_of(name), tuple(tags), pushed_at, more.pop("size", 10), **more)
