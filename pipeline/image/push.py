"""Pushes images. A push may be repeated: the registry keeps the layers that it has."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import docker
from docker.errors import DockerException
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from tenacity.wait import wait_base
from urllib3.exceptions import HTTPError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.image.errors import PushError, PushInterruptedError, RegistryError
from pipeline.image.push_progress import PushProgress, PushReport, advance, push_failure
from pipeline.image.request import ignore


@dataclass(frozen=True)
class Login:
    """User name and password of a registry; ECR's are valid for 12 hours."""

    username: str
    password: str = field(repr=False)


LoginProvider = Callable[[], Login]
"""Returns a login that is valid now; called before every attempt."""


def ecr_login(access: AwsAccess) -> Login:
    """Ask ECR for a login (GetAuthorizationToken).

    Raises:
        AwsError: the call failed.
        RegistryError: the answer holds no token.
    """
    with calling("Asking ECR for a login"):
        answer = access.client("ecr").get_authorization_token()
    tokens = [item.get("authorizationToken", "") for item in answer.get("authorizationData", [])]
    username, colon, password = base64.b64decode(tokens[0] if tokens else "").decode().partition(":")
    if not colon:
        raise RegistryError("ECR gave no login. Run again; if it stays so, look at the account's ECR access.")
    return Login(username, password)


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
