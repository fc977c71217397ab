"""Builds the pipeline's own image from this checkout."""

import os

import docker

from deployments.base_image import ensure_base_image
from deployments.image import PIPELINE_IMAGE
from deployments.setup.paths import PROJECT
from pipeline.image.build import build_image
from pipeline.image.request import BuildReport, BuildRequest, BuiltImage, ignore

_DOCKERFILE = "deployments/image/Dockerfile"
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
