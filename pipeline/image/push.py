"""Pushes images. A push may be repeated: the registry keeps the layers that it has."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from pipeline.image.request import PushError, PushInterruptedError, RegistryError, TagExistsError, ignore

_SUMMARY = re.compile(r"digest: (sha256:[0-9a-f]{64})")
_ENDED = ("Pushed", "Layer already exists", "Mounted")
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


@dataclass
class PushLog:
    """Reader of a push's messages; ``digest`` is the registry's, once it came."""

    image: str
    digest: str = ""
    _sent: dict[str, int] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)

    def read(self, message: Mapping[str, Any]) -> str | None:
        """Return a line for people where a layer has ended, with what was really sent of it.

        Raises:
            PushInterruptedError: the message is an error that another attempt may not meet.
            PushError: the message is an error for good.
        """
        if "error" in message or "errorDetail" in message:
            reason = message.get("error") or get_mapping(message, "errorDetail").get("message")
            raise push_failure(str(reason), self.image)
        layer, status = str(message.get("id") or ""), str(message.get("status", ""))
        told = _SUMMARY.search(status)
        digest = get_mapping(message, "aux").get("Digest") or (told and told[1])
        self.digest = str(digest or self.digest)
        sent = max(self._sent.get(layer, 0), get_int(get_mapping(message, "progressDetail"), "current"))
        self._sent[layer] = sent
        if not layer or layer in self._ended or not status.startswith(_ENDED):
            return None
        self._ended.add(layer)
        return f"Layer {layer}: {status} ({sent / 1e6:.1f} MB sent)"


def push_failure(reason: str, image: str) -> PushError:
    """Sort an error by whether another attempt, with a new login, may succeed."""
    text = reason.lower()
    if any(sign in text for sign in (*_EXPIRED, *_TRANSIENT)):
        return PushInterruptedError(f"Pushing {image} was interrupted: {reason}. Run again.")
    if "immutable" in text:
        return TagExistsError(
            f"Pushing {image}: the tag exists already ({reason}). Run again: it will be used."
        )
    if "denied" in text:
        return PushError(
            f"Pushing {image}: {reason}. The identity lacks permission to push to this repository."
        )
    if "not exist" in text or "not found" in text or "name unknown" in text:
        return PushError(f"Pushing {image}: {reason}. Run deploy-infrastructure to make the repository.")
    return PushError(f"Pushing {image}: {reason}")


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
    report: Callable[[str], None] = ignore,
    wait: wait_base = _WAIT,
) -> str:
    """Push a tagged image and return the digest that the registry gave it (``sha256:…``).

    ``login`` is asked before each attempt, so that an expired one is renewed; what interrupts a push is met
    with up to four attempts; ``wait`` says how long to wait between them.

    Raises:
        PushInterruptedError: every attempt was interrupted.
        TagExistsError: the registry has the tag, and no tag of it can be written twice.
        PushError: the registry refused, or named no digest.
    """
    attempts = Retrying(
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait,
        retry=retry_if_exception_type(PushInterruptedError),
        reraise=True,
    )
    return attempts(partial(_push_once, client, image, login, report))


def _push_once(
    client: docker.DockerClient, image: str, login: LoginProvider, report: Callable[[str], None]
) -> str:
    credentials = login()
    log = PushLog(image)
    try:
        for message in client.api.push(
            image,
            stream=True,
            decode=True,
            auth_config={"username": credentials.username, "password": credentials.password},
        ):
            if line := log.read(message):
                report(line)
    except (DockerException, HTTPError, OSError) as error:
        raise push_failure(str(error), image) from error
    if not log.digest:
        raise PushError(f"Pushing {image}: the registry named no digest. Run again.")
    return log.digest
