"""Pushing, with a registry made of messages."""

from collections.abc import Iterator
from typing import Any, cast

import docker
import pytest
from docker.errors import APIError
from tenacity import wait_none

from pipeline.image.push import Login, PushLog, push_image
from pipeline.image.request import PushError, PushInterruptedError

_DIGEST = "sha256:" + "a" * 64
_DONE = [
    {"status": "Preparing", "progressDetail": {}, "id": "l1"},
    {"status": "Pushing", "progressDetail": {"current": 5, "total": 10}, "id": "l1"},
    {"status": "Pushed", "progressDetail": {}, "id": "l1"},
    {"status": f"1: digest: {_DIGEST} size: 5"},
    {"aux": {"Tag": "1", "Digest": _DIGEST, "Size": 5}},
]


class _Engine:
    """Answers each push with the next script; an exception in a script is raised."""

    def __init__(self, *scripts: list[Any]) -> None:
        self.scripts = list(scripts)
        self.passwords: list[str] = []
        self.api = self

    def push(self, image: str, *, auth_config: dict[str, str], **_: object) -> Iterator[Any]:
        self.passwords.append(auth_config["password"])
        for message in self.scripts.pop(0):
            if isinstance(message, Exception):
                raise message
            yield message


def _push(engine: _Engine, report: Any = lambda progress: None) -> str:
    logins = iter(f"password-{number}" for number in range(1, 9))
    client = cast("docker.DockerClient", engine)
    return push_image(client, "host/demo:1", lambda: Login("AWS", next(logins)), report, wait_none())


def test_digest_and_progress() -> None:
    """The registry's digest comes back; a layer that ended is told once, with what was sent of it."""
    seen: list[str] = []
    sent = {"status": "Pushing", "progressDetail": {"current": 2_500_000, "total": 10}, "id": "l1"}
    assert _push(_Engine([*_DONE[:2], sent, _DONE[2], *_DONE[2:]]), seen.append) == _DIGEST
    assert seen == ["Layer l1: Pushed (2.5 MB sent)"]


@pytest.mark.parametrize("status", ["Layer already exists", "Mounted from pay/app", "Pushed"])
def test_a_layer_that_the_registry_has_is_told(status: str) -> None:
    """Nothing of it was sent."""
    log = PushLog("host/demo:1")
    assert log.read({"status": "Waiting", "id": "l1"}) is None
    assert log.read({"status": status, "id": "l1"}) == f"Layer l1: {status} (0.0 MB sent)"


@pytest.mark.parametrize(
    "interruption",
    [
        {"error": "denied: Your authorization token has expired. Reauthenticate and try again."},
        {"errorDetail": {"message": "received unexpected HTTP status: 503 Service Unavailable"}},
        {"error": "net/http: TLS handshake timeout"},
        APIError("500 Server Error: EOF"),
        ConnectionResetError("Connection reset by peer"),
    ],
)
def test_interrupted(interruption: Any) -> None:
    """An interruption is met with another attempt and a new login."""
    engine = _Engine([_DONE[0], interruption], _DONE)
    assert _push(engine) == _DIGEST
    assert engine.passwords == ["password-1", "password-2"]


def test_interrupted_for_ever() -> None:
    """After four attempts the last interruption is the error."""
    engine = _Engine(*[[{"error": "unexpected EOF"}]] * 9)
    with pytest.raises(PushInterruptedError, match="unexpected EOF"):
        _push(engine)
    assert len(engine.passwords) == 4


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("denied: User is not authorized to perform ecr:PutImage", "lacks permission"),
        ("name unknown: The repository with name 'demo' does not exist", "deploy-infrastructure"),
        ("tag invalid: The image tag '1' already exists and the repository is immutable", "it will be used"),
    ],
)
def test_refused(reason: str, advice: str) -> None:
    """What another attempt can't fix ends at once, with the next step and without the password."""
    engine = _Engine([{"error": reason}])
    with pytest.raises(PushError, match=advice) as caught:
        _push(engine)
    assert len(engine.passwords) == 1
    assert "password-1" not in str(caught.value)


def test_no_digest() -> None:
    """A push without a digest is no push."""
    with pytest.raises(PushError, match="no digest"):
        _push(_Engine(_DONE[:3]))
