"""Builds the pipeline's own image from this checkout."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from deployments.image import PIPELINE_IMAGE
from deployments.local.base_image import ensure_base_image
from deployments.local.setup.terraform import terraform_binary
from deployments.paths import PROJECT
from pipeline.image.build import build_image
from pipeline.image.request import BuildReport, BuildRequest, BuiltImage, ignore

_DOCKERFILE = "deployments/image/Dockerfile"
_TERRAFORM = "vimbiso/terraform"
_PASSED_ON = ("PIP_INDEX_URL", "TERRAFORM_RELEASES_URL")
"""Variables that say where things are had; they stay in the stages that fetch."""


def build_pipeline_image(
    client: docker.DockerClient,
    image: str = PIPELINE_IMAGE,
    *,
    terraform: str | None = None,
    report: BuildReport = ignore,
) -> BuiltImage:
    """Build the image; ``terraform`` names an image that holds /terraform, instead of fetching the release.

    Raises:
        BaseImageError: no image with Python can be had.
        ImageError: the build failed, or there is no BuildKit.
    """
    arguments = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
    arguments["BASE_IMAGE"] = ensure_base_image(client=client)
    if terraform:
        arguments["TERRAFORM"] = terraform
    return build_image(client, BuildRequest(PROJECT, image, _DOCKERFILE, arguments), report)


def terraform_image(client: docker.DockerClient, binary: Path | None = None) -> str:
    """Return the reference of an image that holds nothing but /terraform, this machine's own.

    Raises:
        SetupError: this machine has no Terraform that serves.
    """
    content = (binary or terraform_binary()).read_bytes()
    tag = hashlib.sha256(content).hexdigest()[:12]
    try:
        client.images.get(f"{_TERRAFORM}:{tag}")
    except ImageNotFound:
        client.api.import_image_from_data(_archive(content), repository=_TERRAFORM, tag=tag)
    return f"{_TERRAFORM}:{tag}"


def _archive(content: bytes) -> bytes:
    entry = tarfile.TarInfo("terraform")
    entry.size, entry.mode = len(content), 0o755
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
