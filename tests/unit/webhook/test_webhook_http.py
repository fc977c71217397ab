"""An HTTP fuzzer against the receiver: docs/webhook.openapi.yaml is what it answers, whatever it is sent."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from receiver_in_process import REPOSITORY, Receiver
from requests.auth import AuthBase
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from served_receiver import Served

from deployments.webhook.reading import sign
from pipeline.environment.loader import forget_environments

SCHEMA = schemathesis.openapi.from_path(Path(__file__).parents[3] / "docs" / "webhook.openapi.yaml")
SIGNATURES = {"/webhooks/github": "X-Hub-Signature-256", "/webhooks/deploy": "X-Signature-256"}
SECRETS = {name: f"secret-of-{name}" for name in ("local", "staging", "production")}
MINE = "staging"
REPOSITORY_NOW = {"clone_url": REPOSITORY, "pushed_at": "now"}
SOUND: dict[str, Mapping[str, Any]] = {
    "/webhooks/github": {
        "ref": "refs/heads/stage",
        "after": "a" * 40,
        "repository": REPOSITORY_NOW,
        "deleted": False,
    },
    "/webhooks/deploy": {"environment": MINE, "ref": "a" * 40, "timestamp": "now"},
}


class Signer(AuthBase):
    """Signs the body as it is sent."""

    def __init__(self, header: str, secret: str) -> None:
        self._header, self._secret = header, secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the signature into its header."""
        body = request.body or b""
        content = body if isinstance(body, bytes) else body.encode()
        request.headers[self._header] = sign(content, self._secret)
        return request


class Fuzzed:
    """A served receiver, and what it started."""

    def __init__(self, served: Served, receivers: list[Receiver]) -> None:
        self._served, self._receivers = served, receivers
        self._session = requests.Session()
        self._session.trust_env = False

    def judge(self, case: Case, *excluded: Any, signer: Signer | None = None) -> None:
        """Send what was made up; whatever is said of no answer fails."""
        case.call_and_validate(
            base_url=self._served.url,
            session=self._session,
            auth=signer,
            excluded_checks=[positive_data_acceptance, *excluded],
        )

    @property
    def started(self) -> list[str]:
        """The environments of what was started."""
        return [deploy.environment for item in self._receivers for deploy in item.runs.started]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """One receiver for all."""
    state, receivers = tmp_path_factory.mktemp("state"), list[Receiver]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIMBISO_SOURCE", REPOSITORY)
        forget_environments()
        secrets = ",".join(f"{name}={secret}" for name, secret in SECRETS.items())
        with closing(Served(lambda: _kept(receivers, state, patch, secrets))) as served:
            yield Fuzzed(served, receivers)
    forget_environments()


def _examples() -> int:
    """Each goes through a socket: fewer than of what is called."""
    return max(10, settings().max_examples // 8)


def _kept(receivers: list[Receiver], state: Path, patch: pytest.MonkeyPatch, secrets: str) -> Receiver:
    receivers.append(Receiver(state, patch, WEBHOOK_SECRETS=secrets, WEBHOOK_BURST="1000000"))
    return receivers[0]


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_who_looks_on_is_answered(fuzzed: Fuzzed, path: str) -> None:
    """With whatever query, cookie or header."""

    @settings(max_examples=_examples())
    @given(SCHEMA[path]["GET"].as_strategy())
    def judged(case: Case) -> None:
        fuzzed.judge(case)

    judged()


@pytest.mark.holds("webhook", "start")
@pytest.mark.holds("web page on the operator's machine", "start")
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("path", SIGNATURES)
def test_a_stranger_starts_nothing(fuzzed: Fuzzed, path: str, mode: GenerationMode) -> None:
    """Sound requests without the secret, and broken ones: an answer as described, and no run."""
    before = list(fuzzed.started)

    @settings(max_examples=_examples())
    @given(SCHEMA[path]["POST"].as_strategy(mode))
    def judged(case: Case) -> None:
        fuzzed.judge(case)

    judged()
    assert fuzzed.started == before


@pytest.mark.holds("CI of each environment", "reach")
@pytest.mark.holds("CI of each environment", "approve")
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("path", SIGNATURES)
def test_who_signs_starts_his_own_environment_alone(fuzzed: Fuzzed, path: str, mode: GenerationMode) -> None:
    """Whatever the signed body holds, or all sound fields; what starts nothing is answered as described."""
    sound = SOUND[path]
    kept_fields = st.just(set(sound)) | st.sets(st.sampled_from(sorted(sound)))

    @settings(max_examples=_examples())
    @given(SCHEMA[path]["POST"].as_strategy(mode), kept_fields)
    def judged(case: Case, kept: set[str]) -> None:
        if isinstance(case.body, dict):
            case.body.update(_now({name: sound[name] for name in kept}))
            if kept == set(sound):
                case.headers["X-GitHub-Event"] = "push"
        signer = Signer(SIGNATURES[path], SECRETS[MINE])
        fuzzed.judge(case, negative_data_rejection, signer=signer)

    judged()
    assert set(fuzzed.started) <= {MINE}
    assert mode is GenerationMode.NEGATIVE or fuzzed.started


def _now(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _now(item) for name, item in value.items()}
    return int(time.time()) if value == "now" else value
