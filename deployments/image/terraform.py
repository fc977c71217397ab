"""Puts the machine's own Terraform into an image, where the releases cannot be reached."""

import hashlib
import io
import tarfile
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from deployments.setup.terraform import terraform_binary

_REPOSITORY = "vimbiso/terraform"


def terraform_image(client: docker.DockerClient, binary: Path | None = None) -> str:
    """Return the reference of an image that holds nothing but /terraform.

    Raises:
        SetupError: this machine has no Terraform that serves.
    """
    content = (binary or terraform_binary()).read_bytes()
    tag = hashlib.sha256(content).hexdigest()[:12]
    try:
        client.images.get(f"{_REPOSITORY}:{tag}")
    except ImageNotFound:
        client.api.import_image_from_data(_archive(content), repository=_REPOSITORY, tag=tag)
    return f"{_REPOSITORY}:{tag}"


def _archive(content: bytes) -> bytes:
    entry = tarfile.TarInfo("terraform")
    entry.size, entry.mode = len(content), 0o755
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
