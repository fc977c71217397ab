"""What the receiver takes, refuses and ignores."""

import json
import time
from pathlib import Path

import pytest
from webhook_support.deliveries import SECRETS, push
from webhook_support.world import World

from deployments.secret_file import secret_in


def test_both_secrets_of_a_rotation_serve(world: World) -> None:
    """The second secret signs as well as the first."""
    assert world.deliver(push("b" * 40, "feature"), "two", SECRETS[1]).status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (push("c" * 40), {"X-Hub-Signature-256": "sha256=" + "0" * 64}, 401),
        (push("c" * 40), {"X-Hub-Signature-256": ""}, 401),
        (push("c" * 40, padding="x" * 30_000), {}, 413),
        (push("c" * 40), {"Content-Type": "text/plain"}, 415),
        (b"not json", {}, 400),
        (b"[]", {}, 400),
        (b"{}", {}, 422),
        (push("no commit"), {}, 422),
        (push("c" * 40, age=200_000), {}, 403),
    ],
)
def test_what_is_not_in_order_is_refused(
    world: World, body: bytes, headers: dict[str, str], status: int
) -> None:
    """Each fault has its status and says what to do; none starts a run."""
    before = len(world.runs())
    answer = world.deliver(body, "faulty", **headers)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "next_step"})
    assert len(world.runs()) == before


@pytest.mark.parametrize("kind", ["branch", "ping"])
def test_what_does_not_concern_us_is_ignored(world: World, kind: str) -> None:
    """An unknown branch or event is answered 200 with the reason."""
    event = "ping" if kind == "ping" else "push"
    answer = world.deliver(push("d" * 40, "feature"), f"ignored-{kind}", **{"X-GitHub-Event": event})
    assert answer.status_code == 200
    assert kind in answer.json()["ignored"] or event in answer.json()["ignored"]


def test_a_delivery_id_with_another_body_is_refused(world: World) -> None:
    """An id that was used cannot carry something else."""
    world.deliver(push("1" * 40), "reused")
    assert world.deliver(push("2" * 40), "reused").status_code == 409


def test_a_plain_call_serves_once(world: World) -> None:
    """The folder-built environment is reached by name; a nonce serves once, a stale time never."""
    nonce = "n" * 20
    answer = world.call(environment="local", nonce=nonce)
    assert answer.status_code == 202, answer.text
    assert world.run_of(answer)["parameters"] == {"environment": "local"}
    assert world.call(environment="local", nonce=nonce).status_code == 409
    assert world.call(environment="local", nonce="m" * 20, timestamp=time.time() - 400).status_code == 403
    assert world.call(environment="nowhere", nonce="o" * 20).status_code == 404
    assert world.call("wrong", environment="local", nonce="p" * 20).status_code == 401


def test_logs_are_json_and_hold_no_secret(world: World) -> None:
    """Every line parses; neither secrets nor token appear."""
    written = world.log()
    assert all(json.loads(line)["event"] for line in written.splitlines())
    assert not any(secret in written for secret in (*SECRETS, "made-up-token"))


def test_a_secret_is_made_once_where_none_is_set(tmp_path: Path) -> None:
    """Locally the receiver makes its own secret, readable by its owner only."""
    file = tmp_path / "state/webhook-secret"
    first = secret_in(file)
    assert len(first) >= 32
    assert secret_in(file) == first
    assert file.stat().st_mode & 0o777 == 0o600
