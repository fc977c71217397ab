"""Reads and deletes images: the only module here that sees ECR's answers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.ecr.model import EcrError, Inventory, RegistryImage

if TYPE_CHECKING:
    from mypy_boto3_ecr.type_defs import ImageDetailTypeDef, ImageTypeDef

BATCH = 100
"""Most ids in one BatchDeleteImage or BatchGetImage (ECR API reference)."""
_PAGE = 1000
_PLAIN = {
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.oci.image.manifest.v1+json",
}
"""Manifests that list no others. Of any other media type the manifest itself is asked."""

Links = tuple[tuple[str, ...], str | None]
"""What a manifest refers to: its children and its subject."""


def read_inventory(access: AwsAccess, repository: str) -> Inventory:
    """Return every image of the repository: a call per 1,000 images and one per 100 indexes.

    Raises:
        AwsError: AWS refused or could not be reached.
        EcrError: an index could not be read, so its children are unknown.
    """
    return Registry(access, repository).inventory()


class Registry:
    """One repository. The client may be shared by threads."""

    def __init__(self, access: AwsAccess, repository: str) -> None:
        self.repository = repository
        self._ecr = access.client("ecr")

    def inventory(self, known: Inventory | None = None) -> Inventory:
        """Return every image with its children and subject.

        Manifests never change under their digest, so those of ``known`` are not read again.
        """
        details = self._details()
        read = known.by_digest if known else {}
        indexes = [
            item["imageDigest"] for item in details if item.get("imageManifestMediaType") not in _PLAIN
        ]
        links = {
            digest: (read[digest].children, read[digest].subject) for digest in indexes if digest in read
        }
        unread = [digest for digest in indexes if digest not in read]
        links |= {digest: _links(manifest) for digest, manifest in self._manifests(unread).items()}
        return Inventory(self.repository, tuple(_image(item, links) for item in details))

    def digests(self) -> frozenset[str]:
        """Return the digests that are there now."""
        with calling(f"Listing the images of {self.repository}"):
            pages = self._ecr.get_paginator("list_images").paginate(
                repositoryName=self.repository, PaginationConfig={"PageSize": _PAGE}
            )
            return frozenset(item["imageDigest"] for page in pages for item in page["imageIds"])

    def delete(self, digests: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Delete at most 100 images; return the failures as digest -> (code, reason)."""
        with calling(f"Deleting {len(digests)} images of {self.repository}"):
            answer = self._ecr.batch_delete_image(
                repositoryName=self.repository, imageIds=[{"imageDigest": digest} for digest in digests]
            )
        return {
            item["imageId"]["imageDigest"]: (item.get("failureCode", ""), item.get("failureReason", ""))
            for item in answer.get("failures", ())
        }

    def _details(self) -> list["ImageDetailTypeDef"]:
        with calling(f"Describing the images of {self.repository}"):
            pages = self._ecr.get_paginator("describe_images").paginate(
                repositoryName=self.repository, PaginationConfig={"PageSize": _PAGE}
            )
            found = {item["imageDigest"]: item for page in pages for item in page["imageDetails"]}
        return list(found.values())

    def _manifests(self, digests: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for chunk in batches(digests):
            with calling(f"Reading {len(chunk)} manifests of {self.repository}"):
                answer = self._ecr.batch_get_image(
                    repositoryName=self.repository, imageIds=[{"imageDigest": digest} for digest in chunk]
                )
            found |= {item["imageId"]["imageDigest"]: _parse(item) for item in answer["images"]}
        missing = sorted(set(digests) - found.keys())
        if missing:
            raise EcrError(
                f"ECR does not hand out {len(missing)} manifests of {self.repository} (first: {missing[0]}), "
                "so their children are unknown and nothing was deleted. Run cleanup-ecr again."
            )
        return found


def batches(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut into as many as one call takes."""
    return (digests[start : start + BATCH] for start in range(0, len(digests), BATCH))


def _image(item: "ImageDetailTypeDef", links: Mapping[str, Links]) -> RegistryImage:
    digest = item["imageDigest"]
    children, subject = links.get(digest, ((), None))
    return RegistryImage(
        digest=digest,
        tags=tuple(sorted(item.get("imageTags", ()))),
        pushed_at=item["imagePushedAt"].astimezone(UTC),
        size=int(item.get("imageSizeInBytes", 0)),
        children=children,
        subject=item.get("subjectManifestDigest") or subject,
    )


def _parse(item: "ImageTypeDef") -> Mapping[str, Any]:
    try:
        manifest = json.loads(item["imageManifest"])
    except ValueError as error:
        raise EcrError(
            f"The manifest of {item['imageId']['imageDigest']} is not JSON ({error}), so its children are "
            "unknown and nothing was deleted. Delete that image by hand."
        ) from error
    return manifest if isinstance(manifest, dict) else {}


def _links(manifest: Mapping[str, Any]) -> Links:
    children = tuple(str(entry["digest"]) for entry in manifest.get("manifests") or () if "digest" in entry)
    return children, (manifest.get("subject") or {}).get("digest")
