"""A secret deploys its own environment and no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from receiver_in_process import REPOSITORY, Receiver

from deployments.variables import SettingsError
from pipeline.environment.loader import forget_environments

NAMES = ("local", "staging", "production")
BRANCHES = {"staging": "stage", "production": "prod"}
SECRETS = ",".join(f"{name}=secret-of-{name}" for name in NAMES)


@pytest.fixture(autouse=True)
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environments are built from one repository."""
    monkeypatch.setenv("VIMBISO_SOURCE", REPOSITORY)
    forget_environments()
    yield
    forget_environments()


@pytest.mark.holds("CI of each environment", "start")
@pytest.mark.holds("webhook", "start")
@pytest.mark.parametrize("environment", NAMES)
@pytest.mark.parametrize("signer", NAMES)
def test_a_plain_call_needs_the_secret_of_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signer: str, environment: str
) -> None:
    """All pairs; the other environment's secret hears of none but its own."""
    receiver = Receiver(tmp_path, monkeypatch, WEBHOOK_SECRETS=SECRETS)
    ref = {} if environment == "local" else {"ref": "b" * 40}
    answer = receiver.call(f"secret-of-{signer}", environment, **ref)
    assert answer.status_code == (202 if signer == environment else 404), answer.text
    assert [deploy.environment for deploy in receiver.runs.started] == [environment] * (signer == environment)
    if signer != environment:
        assert answer.json()["next_step"] == f"Name one of: {signer}."


@pytest.mark.holds("CI of each environment", "start")
@pytest.mark.holds("webhook", "start")
@pytest.mark.parametrize("environment", BRANCHES)
@pytest.mark.parametrize("signer", NAMES)
def test_a_push_needs_the_secret_of_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signer: str, environment: str
) -> None:
    """All pairs: two hooks of one repository deliver every push, and each starts its own environment."""
    receiver = Receiver(tmp_path, monkeypatch, WEBHOOK_SECRETS=SECRETS)
    answer = receiver.push(f"secret-of-{signer}", BRANCHES[environment])
    assert answer.status_code == (202 if signer == environment else 200), answer.text
    assert [deploy.environment for deploy in receiver.runs.started] == [environment] * (signer == environment)


def test_what_one_environment_ignored_is_no_replay_for_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same body under the other secret is another delivery; under the same one it is known."""
    receiver = Receiver(tmp_path, monkeypatch, WEBHOOK_SECRETS=SECRETS)
    stated = {"pusher": "somebody"}
    for secret, runs in (("secret-of-staging", 0), ("secret-of-production", 1), ("secret-of-production", 1)):
        receiver.push(secret, "prod", **stated)
        assert len(receiver.runs.started) == runs


def test_file_rotation_and_an_emulator_s_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One a line, read again each time; the local stack's own is made up and serves what is emulated."""
    written, own = tmp_path / "secrets", tmp_path / "own"
    written.write_text("staging=old\n", encoding="utf-8")
    files = {"WEBHOOK_SECRET_FILE": str(written), "WEBHOOK_EMULATED_SECRET_FILE": str(own)}
    receiver = Receiver(tmp_path, monkeypatch, **files)
    assert receiver.call(own.read_text(encoding="utf-8"), "local").status_code == 202
    assert receiver.call(own.read_text(encoding="utf-8"), "staging", ref="c" * 40).status_code == 404
    written.write_text("staging=old\nstaging=n=e=w=\n", encoding="utf-8")
    assert receiver.call("n=e=w=", "staging", ref="c" * 40).status_code == 202
    assert receiver.call("old", "staging", ref="d" * 40).status_code == 202
    written.write_text("staging=n=e=w=\n", encoding="utf-8")
    assert receiver.call("old", "staging", ref="e" * 40).status_code == 401


@pytest.mark.holds("webhook", "read")
def test_blocks_are_named_after_their_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two values while one is replaced; without any secret at all a call is answered 503."""
    blocks: dict[str, tuple[str, ...]] = {}

    async def load(name: str) -> tuple[str, ...]:
        return blocks.get(name, ())

    monkeypatch.setattr("deployments.webhook.intake._load", load)
    answer = Receiver(tmp_path, monkeypatch).call("one", "staging", ref="c" * 40)
    assert (answer.status_code, "webhook-secret-ENVIRONMENT" in answer.text) == (503, True)
    blocks["webhook-secret-staging"] = ("one", "two")
    receiver = Receiver(tmp_path, monkeypatch)
    assert receiver.call("two", "staging", ref="c" * 40).status_code == 202
    assert receiver.call("two", "production", ref="c" * 40).status_code == 404


@pytest.mark.parametrize(
    "text", ["kept-secret", "staging=ok,kept-secret==", "staging=", "stagin=kept-secret"]
)
@pytest.mark.parametrize("variable", ["WEBHOOK_SECRETS", "WEBHOOK_SECRET", "WEBHOOK_SECRET_FILE"])
def test_a_secret_of_no_environment_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    """As earlier versions took them: the error says what to write and quotes no secret."""
    (tmp_path / "file").write_text(text, encoding="utf-8")
    value = str(tmp_path / "file") if variable.endswith("FILE") else text
    with pytest.raises(SettingsError, match="write ENVIRONMENT=SECRET in WEBHOOK_SECRETS") as caught:
        Receiver(tmp_path, monkeypatch, **{variable: value})
    assert "kept" not in str(caught.value)
    assert "local, staging, production" in str(caught.value)
    with pytest.raises(SettingsError, match="cannot be read"):
        Receiver(tmp_path, monkeypatch, WEBHOOK_SECRETS="", WEBHOOK_SECRET="", WEBHOOK_SECRET_FILE="/no/file")
