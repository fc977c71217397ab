"""Values out of a stranger's JSON."""

import json

import pytest

from deployments.webhook.model import Refusal
from deployments.webhook.reading import moment, parse_generic, read_object
from pipeline.environment.model import Environment

NOW = 1_750_000_000.0


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"1", b"null", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """As the sender's fault, with what to send."""
    with pytest.raises(Refusal, match="JSON") as caught:
        read_object(body)
    assert caught.value.status == 400


def test_an_object_is_read() -> None:
    """As it is."""
    assert read_object(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(("value", "seconds"), [(12, 12.0), (1.5, 1.5), ("1970-01-01T00:00:12+00:00", 12.0)])
def test_a_time_is_a_number_or_a_text(value: object, seconds: float) -> None:
    """Seconds since 1970."""
    assert moment({"at": value}, "at") == seconds


@pytest.mark.parametrize("value", [None, True, -1, 1e12, "yesterday", "0001-01-01T00:00:00", [], {}])
def test_what_is_no_time_is_refused(value: object) -> None:
    """Never taken for now, or for a time long ago."""
    with pytest.raises(Refusal, match="'at' is not a time"):
        moment({"at": value}, "at")


def environment(repository: str) -> Environment:
    """Return an environment that is built from there."""
    return Environment.model_validate(
        {
            "name": "staging",
            "app": "pay",
            "region": "af-south-1",
            "domain": "pay.test",
            "branch": "main",
            "source": {"repository": repository},
            "health_path": "/health/",
            "container_port": 8000,
            "approval": "never",
            "names": {"cluster": "c", "service": "s", "repository": "pay", "log_group": "/ecs/pay"},
        }
    )


def call(repository: str, **fields: object) -> str:
    """Return the idempotency key of a plain call."""
    known = {"staging": environment(repository)}
    body = {"environment": "staging", "timestamp": NOW, "nonce": "n" * 16, **fields}
    return parse_generic(json.loads(json.dumps(body)), known, NOW, 300).deploy.key


def test_each_call_for_a_folder_is_a_deployment_of_its_own() -> None:
    """A folder has no commits that could be the same."""
    assert call("examples/pay") == f"webhook-staging-{'n' * 16}"
    with pytest.raises(Refusal, match="built from a folder"):
        call("examples/pay", ref="a" * 40)


def test_calls_for_one_commit_are_one_deployment() -> None:
    """Whatever their nonces."""
    keys = {call("https://git.test/pay.git", ref="a" * 40, nonce=nonce * 16) for nonce in "xy"}
    assert keys == {f"webhook-staging-{'a' * 40}"}


def test_what_is_missing_is_named_so() -> None:
    """A call without its commit hears that, and not that nothing is no text."""
    call = {"environment": "staging", "timestamp": NOW, "nonce": "n" * 16}
    with pytest.raises(Refusal, match="'ref' is missing"):
        parse_generic(call, {"staging": environment("https://github.com/a/b.git")}, NOW, 300)
