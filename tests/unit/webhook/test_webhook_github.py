"""What GitHub's events lead to."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.webhook.github import decide
from deployments.webhook.model import Deploy, Ignore, Refusal
from pipeline.environment.loader import environments, forget_environments
from pipeline.environment.model import Environment

NOW = 1_800_000_000.0
SHA = "a" * 40
CI = ".github/workflows/ci.yml"
URL = "https://github.com/vimbiso/vimbiso-pay.git"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Environment]]:
    """The project's own environments."""
    monkeypatch.setenv("VIMBISO_SOURCE", URL)
    forget_environments()
    yield list(environments().values())
    forget_environments()


def push(**changes: Any) -> dict[str, Any]:
    """Return a push to stage."""
    repository = {"clone_url": URL, "full_name": "vimbiso/vimbiso-pay", "pushed_at": NOW - 10}
    return {"ref": "refs/heads/stage", "after": SHA, "repository": repository, **changes}


def workflow(**changes: Any) -> dict[str, Any]:
    """Return a workflow on prod that has succeeded."""
    run = {
        "conclusion": "success",
        "event": "push",
        "head_branch": "prod",
        "head_sha": SHA,
        "path": CI,
        "created_at": NOW - 60,
        "head_repository": {"full_name": "vimbiso/vimbiso-pay"},
    }
    return {**push(), "action": "completed", "workflow_run": {**run, **changes}}


@pytest.mark.parametrize("url", [URL, URL.upper(), "git@github.com:vimbiso/vimbiso-pay.git", URL[:-4]])
def test_a_push_leads_to_the_environment_of_its_branch(known: list[Environment], url: str) -> None:
    """The repository is known however its URL is spelt."""
    document = push(repository={**push()["repository"], "clone_url": url})
    expected = Deploy("staging", SHA, "vimbiso/vimbiso-pay", NOW - 10, f"webhook-staging-{SHA}")
    assert decide("push", document, known, NOW, 3600) == (expected,)


def checked_by(known: list[Environment], workflow: str | None) -> list[Environment]:
    """Return the environments with that ci_workflow."""
    return [item.model_copy(update={"ci_workflow": workflow}) for item in known]


def test_a_workflow_and_its_push_are_one_deployment(known: list[Environment]) -> None:
    """Both events of a commit have the same idempotency key, should the environment change in between."""
    pushed = decide("push", push(ref="refs/heads/prod"), known, NOW, 3600)
    checked = decide("workflow_run", workflow(), checked_by(known, CI), NOW, 3600)
    assert isinstance(pushed, tuple)
    assert isinstance(checked, tuple)
    assert [deploy.key for deploy in pushed] == [deploy.key for deploy in checked]


@pytest.mark.parametrize("ref", ["", "@main"])
def test_only_the_named_workflow_is_ci(known: list[Environment], ref: str) -> None:
    """The success of a spell checker is none; GitHub may write the ref behind the file."""
    known = checked_by(known, CI)
    other = decide("workflow_run", workflow(path=".github/workflows/spelling.yml" + ref), known, NOW, 3600)
    assert other == Ignore(f"production is deployed by {CI}")
    assert isinstance(decide("workflow_run", workflow(path=CI + ref), known, NOW, 3600), tuple)


def test_a_push_waits_where_ci_is_asked_for(known: list[Environment]) -> None:
    """And where none is named, no workflow counts."""
    assert decide("push", push(), checked_by(known, CI), NOW, 3600) == Ignore(f"staging is deployed by {CI}")
    found = decide("workflow_run", workflow(), known, NOW, 3600)
    assert found == Ignore("production is deployed by pushes: it has no ci_workflow")


def test_nobody_is_ahead_of_now(known: list[Environment]) -> None:
    """A clock that is fast, ours or the sender's, puts no push before those that come after it."""
    document = push(repository={**push()["repository"], "pushed_at": NOW + 250})
    decision = decide("push", document, known, NOW, 3600)
    assert isinstance(decision, tuple)
    assert [deploy.order for deploy in decision] == [NOW]


@pytest.mark.holds("webhook", "reach")
def test_reports_go_to_the_repository_that_is_deployed(known: list[Environment]) -> None:
    """Whatever else the body names."""
    document = push(repository={**push()["repository"], "full_name": "evil/other"})
    decision = decide("push", document, known, NOW, 3600)
    assert isinstance(decision, tuple)
    assert [deploy.repository for deploy in decision] == ["vimbiso/vimbiso-pay"]


@pytest.mark.parametrize(
    ("event", "document", "reason"),
    [
        ("ping", {}, "ping"),
        ("push", push(ref="refs/tags/v1"), "branches"),
        ("push", push(deleted=True, after="0" * 40), "deleted"),
        ("push", push(ref="refs/heads/feature"), "feature"),
        ("push", push(ref="refs/heads/main"), "main"),
        ("push", push(repository={"clone_url": "https://github.com/other/pay.git"}), "repository"),
        ("push", push(repository={"clone_url": "examples/vimbiso-pay"}), "repository"),
        ("workflow_run", {**workflow(), "action": "requested"}, "succeeded"),
        ("workflow_run", workflow(conclusion="failure"), "succeeded"),
        ("workflow_run", workflow(event="pull_request"), "push"),
        ("workflow_run", workflow(head_repository={"full_name": "evil/vimbiso-pay"}), "fork"),
    ],
)
def test_what_does_not_concern_us_is_ignored(
    known: list[Environment], event: str, document: dict[str, Any], reason: str
) -> None:
    """The reason is named; the local environment, built from a folder, is out of GitHub's reach."""
    decision = decide(event, document, known, NOW, 3600)
    assert isinstance(decision, Ignore)
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"after": "short"}, 422),
        ({"after": SHA.upper()}, 422),
        ({"ref": 5}, 422),
        ({"repository": []}, 422),
        ({"repository": {**push()["repository"], "pushed_at": NOW - 4000}}, 403),
        ({"repository": {**push()["repository"], "pushed_at": NOW + 4000}}, 403),
        ({"repository": {**push()["repository"], "pushed_at": True}}, 422),
    ],
)
def test_malformed_and_stale_pushes_are_refused(
    known: list[Environment], changes: dict[str, Any], status: int
) -> None:
    """Each fault has its status."""
    with pytest.raises(Refusal) as caught:
        decide("push", push(**changes), known, NOW, 3600)
    assert caught.value.status == status


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["ref", "after", "repository", "deleted", "workflow_run", "action"]


@given(
    event=st.sampled_from(["push", "workflow_run"]),
    changes=st.dictionaries(st.sampled_from(KEYS), JSON, max_size=3),
    inner=st.dictionaries(st.sampled_from(["clone_url", "full_name", "pushed_at"]), JSON, max_size=2),
)
def test_no_body_breaks_the_decision(event: str, changes: dict[str, Any], inner: dict[str, Any]) -> None:
    """Whatever a body holds: deployments of a known environment, ignored, or refused with 4xx."""
    known = checked_by(list(environments().values()), CI if event == "workflow_run" else None)
    base = workflow() if event == "workflow_run" else push()
    document = {**base, "repository": {**base["repository"], **inner}, **changes}
    try:
        decision = decide(event, document, known, NOW, 3600)
    except Refusal as refusal:
        assert refusal.status in {403, 422}  # noqa: PT017 - refusing is one of three right answers
    else:
        assert isinstance(decision, Ignore) or {item.environment for item in decision} <= set(environments())
