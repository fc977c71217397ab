"""Builds images: the classic way through Docker's SDK, through BuildKit where the Dockerfile needs it."""

import time

import docker
from docker.errors import DockerException
from urllib3.exceptions import HTTPError

from pipeline.image.buildkit import build_with_buildkit
from pipeline.image.dockerfile import buildkit_sign, read_dockerfile
from pipeline.image.errors import BuildError
from pipeline.image.request import BuildReport, BuildRequest, BuiltImage, ignore
from pipeline.image.stream import BuildLog


def build_image(
    client: docker.DockerClient, request: BuildRequest, report: BuildReport = ignore
) -> BuiltImage:
    """Build an image and return it; ``report`` is called with every event while it goes.

    Raises:
        ImageError: there is no Dockerfile, or BuildKit is needed and not there.
        BuildError: a step failed, with its last lines; or the engine went away.
    """
    sign = buildkit_sign(read_dockerfile(request.context, request.dockerfile))
    if sign:
        return build_with_buildkit(request, sign, report)
    return _build_classic(client, request, report)


def _build_classic(client: docker.DockerClient, request: BuildRequest, report: BuildReport) -> BuiltImage:
    log, start = BuildLog(request.image), time.monotonic()
    try:
        for message in client.api.build(
            path=str(request.context),
            dockerfile=request.dockerfile,
            tag=request.image,
            buildargs=dict(request.arguments),
            labels=dict(request.labels),
            target=request.target or "",
            platform=request.platform,
            rm=True,
            forcerm=True,
            decode=True,
        ):
            for event in log.read(message):
                report(event)
            if time.monotonic() - start > request.limit:
                raise log.failure(f"not done after {request.limit:.0f} s, given up")
        return _built(client, request, log, time.monotonic() - start)
    except (DockerException, HTTPError, OSError) as error:
        raise log.failure(f"{error}. Check that the Docker engine runs: docker info") from error


def _built(client: docker.DockerClient, request: BuildRequest, log: BuildLog, seconds: float) -> BuiltImage:
    if not log.image_id:
        raise BuildError(request.image, "the builder ended without an image. Look at the engine's log")
    image = client.images.get(request.image)
    return BuiltImage(request.image, str(image.id), log.steps, log.cached, seconds)
