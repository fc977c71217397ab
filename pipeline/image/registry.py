"""Asks ECR what it holds, and puts manifests and small blobs there."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.image.config import ImageConfig
from pipeline.image.request import ImageError, RegistryError, TagExistsError

if TYPE_CHECKING:
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef


_TAG = re.compile(r"^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$")


@dataclass(frozen=True)
class Repository:
    """An image repository: where it answers, and its name there."""

    registry: str
    """Host, with a port where needed."""
    name: str

    @property
    def address(self) -> str:
        """Name of its images, without tag or digest."""
        return f"{self.registry}/{self.name}"

    def tagged(self, tag: str) -> str:
        """Return the reference of a tag.

        Raises:
            ImageError: no registry accepts such a tag.
        """
        if not _TAG.match(tag):
            raise ImageError(f"{tag!r} is no image tag: letters, digits and ._- only, 128 at most.")
        return f"{self.address}:{tag}"

    def pinned(self, digest: str) -> str:
        """Return the reference that no later push can move."""
        return f"{self.address}@{digest}"


def repository_at(repository_url: str, registry: str | None = None) -> Repository:
    """Read ECR's ``HOST/NAME``; ``registry`` is a host to use instead of ECR's own (an emulator's)."""
    host, _, name = repository_url.partition("/")
    return Repository(registry or host, name)


@dataclass(frozen=True)
class RemoteImage:
    """An image in the registry."""

    repository: str
    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime | None


def find_image(access: AwsAccess, repository: str, name: str) -> RemoteImage | None:
    """Look an image up by tag or digest (``sha256:…``); None when the repository has no such image.

    Raises:
        RegistryError: there is no such repository.
        AwsError: the call failed otherwise.
    """
    ecr = access.client("ecr")
    with calling(f"Looking for {name} in the ECR repository {repository}"):
        try:
            answer = ecr.describe_images(repositoryName=repository, imageIds=[_identifier(name)])
        except ecr.exceptions.ImageNotFoundException:
            return None
        except ecr.exceptions.RepositoryNotFoundException as error:
            raise RegistryError(
                f"ECR has no repository {repository} in {access.region}. "
                "Run deploy-infrastructure to make it."
            ) from error
    details = answer.get("imageDetails", [])
    if not details:
        return None
    tags = tuple(sorted(details[0].get("imageTags", ())))
    return RemoteImage(repository, details[0]["imageDigest"], tags, details[0].get("imagePushedAt"))


def _identifier(name: str) -> "ImageIdentifierTypeDef":
    return {"imageDigest": name} if name.startswith("sha256:") else {"imageTag": name}


def read_config(access: AwsAccess, repository: str, digest: str, registry: str | None = None) -> ImageConfig:
    """Read an image's configuration from the registry.

    Args:
        access: of the account that has the registry.
        repository: its name in ECR.
        digest: of the image or of an index, whose first image is read.
        registry: host that serves blobs in ECR's place (an emulator's).

    Raises:
        RegistryError: the registry does not hand it out.
        AwsError: ECR refuses or cannot be reached.
    """
    manifest = read_manifest(access, repository, digest)
    if "config" not in manifest:
        images = _images(manifest)
        if not images:
            raise RegistryError(f"Index {digest} in {repository} has no image. Push it again.")
        manifest = read_manifest(access, repository, images[0]["digest"])
    blob = manifest["config"]["digest"]
    try:
        with open_blob(access, repository, blob, registry) as answer:
            answer.read()
        return ImageConfig.parse(answer.json().get("config") or {})
    except (httpx.HTTPError, ValueError) as error:
        reason = type(error).__name__  # the URL is signed
        raise RegistryError(
            f"The configuration of image {digest} in {repository} could not be read ({reason}). Run again."
        ) from None


@contextmanager
def open_blob(
    access: AwsAccess, repository: str, blob: str, registry: str | None = None
) -> Iterator[httpx.Response]:
    """Give the answer with a blob's bytes, to be read while it is open.

    Raises:
        AwsError: ECR refuses or cannot be reached.
        httpx.HTTPError: the blob is not handed out; the message has a signed URL.
    """
    url = f"http://{registry}/v2/{repository}/blobs/{blob}"
    if registry is None:
        with calling(f"Asking where ECR keeps {blob} of {repository}"):
            url = access.client("ecr").get_download_url_for_layer(
                repositoryName=repository, layerDigest=blob
            )["downloadUrl"]
    client = httpx.Client(follow_redirects=True, timeout=30, trust_env=registry is None)
    with client, client.stream("GET", url) as answer:
        answer.raise_for_status()
        yield answer


def find_platform_image(access: AwsAccess, repository: str, digest: str, architecture: str) -> str | None:
    """Return the digest of the Linux image that tasks of an architecture run; None where an index has none.

    Args:
        access: of the account that has the registry.
        repository: its name in ECR.
        digest: of an image, which is returned as it is, or of an index.
        architecture: as images name it (amd64, arm64).

    Raises:
        RegistryError: the registry hands out no such manifest.
        AwsError: ECR refuses or cannot be reached.
    """
    manifest = read_manifest(access, repository, digest)
    if "config" in manifest:
        return digest
    wanted = {"os": "linux", "architecture": architecture}
    found = (item["digest"] for item in _images(manifest) if wanted.items() <= item["platform"].items())
    return next(found, None)


def _images(index: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of an index that are images: BuildKit's attestations are of no platform."""
    entries = [{"platform": {}, **item} for item in index["manifests"]]
    return [item for item in entries if item["platform"].get("os") != "unknown"]


def read_manifest(access: AwsAccess, repository: str, name: str) -> dict[str, Any]:
    """Return the manifest of an image or an index, named by tag or digest.

    Raises:
        RegistryError: the registry hands out no such manifest.
        AwsError: ECR refuses or cannot be reached.
    """
    text, _ = _read_text(access, repository, name)
    manifest = json.loads(text)
    if not isinstance(manifest, dict) or not manifest.keys() & {"config", "manifests"}:
        raise _unusable(repository, name)
    return manifest


def _read_text(access: AwsAccess, repository: str, name: str) -> tuple[str, str]:
    """Return a manifest to the byte, and its media type."""
    with calling(f"Reading the manifest {name} of {repository}"):
        answer = access.client("ecr").batch_get_image(repositoryName=repository, imageIds=[_identifier(name)])
    if not answer["images"]:
        raise _unusable(repository, name)
    found = answer["images"][0]
    return found["imageManifest"], found.get("imageManifestMediaType", "")


def _unusable(repository: str, name: str) -> RegistryError:
    return RegistryError(f"Repository {repository} hands out no usable manifest of {name}. Push it again.")


def add_tag(access: AwsAccess, repository: str, digest: str, tag: str) -> None:
    """Give an image another tag; raises as ``put_manifest``."""
    put_manifest(access, repository, *_read_text(access, repository, digest), tag)


def put_manifest(access: AwsAccess, repository: str, manifest: str, media_type: str, tag: str) -> None:
    """Write a manifest under a tag.

    Raises:
        TagExistsError: the registry has the tag already.
        AwsError: ECR refuses or cannot be reached.
    """
    ecr = access.client("ecr")
    kind = {"imageManifestMediaType": media_type} if media_type else {}
    with calling(f"Writing the tag {tag} of {repository}"):
        try:
            ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag=tag, **kind)
        except (ecr.exceptions.ImageTagAlreadyExistsException, ecr.exceptions.ImageAlreadyExistsException):
            raise TagExistsError(f"Repository {repository} has the tag {tag} already.") from None


def put_blob(access: AwsAccess, repository: str, body: bytes, registry: str | None = None) -> str:
    """Upload a blob of a few kilobytes and return its digest; ``registry`` as in ``read_config``.

    Raises:
        RegistryError: an emulator's registry refuses.
        AwsError: ECR refuses or cannot be reached.
    """
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    if registry is None:
        _upload(access, repository, digest, body)
        return digest
    url = f"http://{registry}/v2/{repository}/blobs/uploads/"
    try:
        with httpx.Client(timeout=30, trust_env=False) as client:
            client.post(url, params={"digest": digest}, content=body).raise_for_status()
    except httpx.HTTPError as error:
        raise RegistryError(
            f"{registry} did not take {digest} ({type(error).__name__}). Run again."
        ) from None
    return digest


def _upload(access: AwsAccess, repository: str, digest: str, body: bytes) -> None:
    ecr = access.client("ecr")
    with calling(f"Uploading {digest} to {repository}"):
        upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
        ecr.upload_layer_part(
            repositoryName=repository,
            uploadId=upload,
            partFirstByte=0,
            partLastByte=len(body) - 1,
            layerPartBlob=body,
        )
        with suppress(ecr.exceptions.LayerAlreadyExistsException):
            ecr.complete_layer_upload(repositoryName=repository, uploadId=upload, layerDigests=[digest])
