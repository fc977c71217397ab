"""Signatures, plain calls, limits, coalescing and states."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.webhook.model import Refusal, TokenBucket, take
from deployments.webhook.queues import WaitingRun, github_state, superseded
from deployments.webhook.reading import is_signed, parse_generic, read_object, sign
from pipeline.environment.loader import environments

NOW = 1_800_000_000.0


def test_the_signature_is_github_s() -> None:
    """The example of GitHub's documentation."""
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign(b"Hello, World!", "It's a Secret to Everybody") == expected


@given(st.binary(max_size=200), st.text(max_size=80))
def test_only_a_holder_of_a_secret_can_sign(body: bytes, header: str) -> None:
    """Either secret serves; any other header, also an odd one, does not."""
    assert is_signed(body, sign(body, "new"), ["old", "new"])
    assert not is_signed(body, header, ["old", "new"])
    assert not is_signed(body, sign(body, ""), ["", "new"])
    assert not is_signed(body + b"!", sign(body, "new"), ["new"])


@given(st.binary(max_size=100))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    """Nothing but an object comes out, nothing but a 400 is raised."""
    try:
        assert isinstance(read_object(body), dict)
    except Refusal as refusal:
        assert refusal.status == 400  # noqa: PT017 - refusing is one of two right answers


def call(**changes: Any) -> dict[str, Any]:
    """Return a good call for staging."""
    good = {"environment": "staging", "ref": "b" * 40, "timestamp": NOW, "nonce": "n" * 16}
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


def test_a_plain_call_names_environment_and_commit() -> None:
    """The parameters are those of the flow."""
    found = parse_generic(call(), environments(), NOW, 300).deploy
    assert found.parameters == {"environment": "staging", "ref": "b" * 40, "branch_only": True}
    assert found.key == f"webhook-staging-{'b' * 40}"
    assert (found.order, parse_generic(call(timestamp=NOW + 250), environments(), NOW, 300).deploy.order) == (
        NOW,
        NOW,
    )


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"timestamp": NOW - 301}, 403),
        ({"timestamp": NOW + 301}, 403),
        ({"timestamp": None}, 422),
        ({"timestamp": float("nan")}, 422),
        ({"nonce": "short"}, 422),
        ({"environment": "nowhere"}, 404),
        ({"ref": "main"}, 422),
        ({"ref": None}, 422),
        ({"environment": "local"}, 422),
        ({"image": "other"}, 422),
    ],
)
def test_a_faulty_plain_call_is_refused(changes: dict[str, Any], status: int) -> None:
    """Each fault has its status."""
    with pytest.raises(Refusal) as caught:
        parse_generic(call(**changes), environments(), NOW, 300)
    assert caught.value.status == status


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60), st.integers(1, 10), st.integers(1, 10))
def test_a_bucket_never_gives_more_than_burst_and_rate(gaps: list[float], rate: int, burst: int) -> None:
    """Over any time: at most burst + rate x time requests."""
    bucket: TokenBucket | None = None
    now, taken = 0.0, 0
    for gap in gaps:
        now += gap
        bucket, wait = take(bucket, now, rate, burst)
        taken += not wait
    assert taken <= burst + rate * (now - gaps[0]) + 1e-6


def test_an_empty_bucket_says_how_long_to_wait() -> None:
    """One token at two a second takes half a second."""
    assert take(TokenBucket(0, 10), 10, 2, 5) == (TokenBucket(0, 10), 0.5)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["SCHEDULED", "PENDING", "RUNNING"]))))
def test_only_waiting_runs_that_are_not_the_newest_are_superseded(made: list[tuple[int, str]]) -> None:
    """A run that a worker has taken and the newest one stay; other environments are left alone."""
    runs = [WaitingRun(str(n), "staging", order, n, state) for n, (order, state) in enumerate(made)]
    other = WaitingRun("other", "production", 0, 0, "SCHEDULED")
    newest = max(runs, key=lambda run: (run.order, run.created), default=None)
    expected = [run.id for run in runs if run.state == "SCHEDULED" and run is not newest]
    assert superseded([other, *runs], "staging") == expected


@pytest.mark.parametrize(
    ("prefect", "github"), [("COMPLETED", "success"), ("FAILED", "failure"), ("CRASHED", "error")]
)
def test_ends_are_told_in_githubs_words(prefect: str, github: str) -> None:
    """Failure and crash differ."""
    assert github_state(prefect) == github
