"""What a caller sends names an environment to deploy, or is refused in one clear answer."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from mutations import JSON

from deployments.webhook.model import Refusal
from deployments.webhook.reading import parse_generic
from pipeline.environment.loader import environments

NOW = 1_800_000_000.0
CALL = {"environment": "staging", "ref": "b" * 40, "timestamp": NOW, "nonce": "n" * 16}


def test_the_sound_call_is_read() -> None:
    """What the damage starts from is a call."""
    assert parse_generic(CALL, environments(), NOW, 300).deploy.environment == "staging"


@given(
    st.dictionaries(st.sampled_from([*CALL, "image"]), JSON | st.sampled_from(["local", "f" * 40, NOW - 1]))
)
def test_no_plain_call_breaks_the_decision(changes: dict[str, Any]) -> None:
    """Whatever a call holds: a deployment of the environment that it names, or refused with 4xx."""
    try:
        found = parse_generic({**CALL, **changes}, environments(), NOW, 300)
    except Refusal as refusal:
        assert 400 <= refusal.status < 500  # noqa: PT017 - refusing is one of two right answers
    else:
        assert found.deploy.environment == changes.get("environment", "staging")
