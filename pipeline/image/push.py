"""Pushes images. A push may be repeated: the registry keeps the layers that it has."""

from functools import partial

import docker
from docker.errors import DockerException
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from tenacity.wait import wait_base
from urllib3.exceptions import HTTPError

from pipeline.image.errors import PushError, PushInterruptedError
from pipeline.image.login import LoginProvider
from pipeline.image.push_progress import PushProgress, PushReport, advance, push_failure
from pipeline.image.request import ignore

_ATTEMPTS = 4
_WAIT = wait_random_exponential(multiplier=1, max=20)


def push_image(
    client: docker.DockerClient,
    image: str,
    login: LoginProvider,
    report: PushReport = ignore,
    wait: wait_base = _WAIT,
) -> str:
    """Push a tagged image and return the digest that the registry gave it (``sha256:…``).

    ``login`` is asked before each attempt, so that an expired one is renewed; what interrupts a push is met
    with up to four attempts; ``wait`` says how long to wait between them.

    Raises:
        PushInterruptedError: every attempt was interrupted.
        PushError: the registry refused, or named no digest.
    """
    attempts = Retrying(
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait,
        retry=retry_if_exception_type(PushInterruptedError),
        reraise=True,
    )
    return attempts(partial(_push_once, client, image, login, report))


def _push_once(client: docker.DockerClient, image: str, login: LoginProvider, report: PushReport) -> str:
    credentials = login()
    progress = PushProgress()
    try:
        for message in client.api.push(
            image,
            stream=True,
            decode=True,
            auth_config={"username": credentials.username, "password": credentials.password},
        ):
            before, progress = progress, advance(progress, message, image)
            if progress != before:
                report(progress)
    except (DockerException, HTTPError, OSError) as error:
        raise push_failure(str(error), image) from error
    if not progress.digest:
        raise PushError(f"Pushing {image}: the registry named no digest. Run again.")
    return progress.digest
