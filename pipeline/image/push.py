"""Pushes images. A push may be repeated: the registry keeps the layers that it has."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import docker
from docker.errors import DockerException
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from tenacity.wait import wait_base
from urllib3.exceptions import HTTPError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.documents import get_int, get_mapping
from pipeline.image.request import PushError, PushInterruptedError, RegistryError, ignore

_SUMMARY = re.compile(r"digest: (sha256:[0-9a-f]{64})")
_ENDED = {"Pushed", "Layer already exists", "Mounted"}
_EXPIRED = ("authorization token has expired", "no basic auth credentials", "401 unauthorized")
_TRANSIENT = (
    "timeout",
    "timed out",
    "connection reset",
    "connection refused",
    "connection broken",
    "broken pipe",
    "eof",
    "no such host",
    "temporary failure",
    "tls handshake",
    "toomanyrequests",
    "too many requests",
    "rate exceeded",
    "blob upload unknown",
    "internal server error",
    "received unexpected http status: 5",
    "bad gateway",
    "service unavailable",
)


@dataclass(frozen=True)
class Layer:
    """One layer on its way; sizes in bytes."""

    id: str
    status: str = ""
    sent: int = 0
    total: int = 0

    @property
    def ended(self) -> bool:
        """Whether the registry holds it."""
        return self.status in _ENDED or self.status.startswith("Mounted from")


@dataclass(frozen=True)
class PushProgress:
    """Progress of a push. Only what is really sent counts in the bytes, not layers that were there."""

    layers: tuple[Layer, ...] = ()
    digest: str = ""

    @property
    def ended(self) -> int:
        """Number of layers in the registry."""
        return sum(layer.ended for layer in self.layers)


PushReport = Callable[[PushProgress], None]


def advance(progress: PushProgress, message: Mapping[str, Any], image: str) -> PushProgress:
    """Return the progress after one message of the stream.

    Raises:
        PushInterruptedError: the message is an error that another attempt may not meet.
        PushError: the message is an error for good.
    """
    if "error" in message or "errorDetail" in message:
        raise push_failure(
            str(message.get("error") or get_mapping(message, "errorDetail").get("message")), image
        )
    digest = str(get_mapping(message, "aux").get("Digest") or "") or _summary(message)
    if digest:
        return replace(progress, digest=digest)
    return replace(progress, layers=_updated(progress.layers, message)) if message.get("id") else progress


def push_failure(reason: str, image: str) -> PushError:
    """Sort an error by whether another attempt, with a new login, may succeed."""
    text = reason.lower()
    if any(sign in text for sign in (*_EXPIRED, *_TRANSIENT)):
        return PushInterruptedError(f"Pushing {image} was interrupted: {reason}. Run again.")
    if "immutable" in text:
        return PushError(f"Pushing {image}: the tag exists already ({reason}). Run again: it will be used.")
    if "denied" in text:
        return PushError(
            f"Pushing {image}: {reason}. The identity lacks permission to push to this repository."
        )
    if "not exist" in text or "not found" in text or "name unknown" in text:
        return PushError(f"Pushing {image}: {reason}. Run deploy-infrastructure to make the repository.")
    return PushError(f"Pushing {image}: {reason}")


def _summary(message: Mapping[str, Any]) -> str:
    found = _SUMMARY.search(str(message.get("status", "")))
    return found.group(1) if found else ""


def _updated(layers: tuple[Layer, ...], message: Mapping[str, Any]) -> tuple[Layer, ...]:
    """Replace the layer that the message is about, or append it; the order of first sight stays."""
    detail = get_mapping(message, "progressDetail")
    known = {layer.id: layer for layer in layers}
    before = known.get(str(message["id"]), Layer(str(message["id"])))
    # A layer whose size Docker guessed too low is sent past its "total".
    sent = max(before.sent, get_int(detail, "current"))
    total = max(before.total, sent, get_int(detail, "total"))
    known[before.id] = replace(before, status=str(message.get("status", "")), sent=sent, total=total)
    return tuple(known.values())


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
