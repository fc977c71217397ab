"""A release is the commit that it says."""

from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

import tasks.rollout
from pipeline.image.config import ImageConfig
from pipeline.image.request import ImageError
from pipeline.release.model import Release
from tasks.rollout import register_revision

ASKED, OTHER = "a" * 12 + "1" * 28, "a" * 12 + "2" * 28


class ReachedError(Exception):
    """The step went on to the task definition."""


def registered(label: str, revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Register a release of a commit whose image names one."""
    config = ImageConfig.parse({"Labels": {"org.opencontainers.image.revision": label}} if label else {})
    monkeypatch.setattr(tasks.rollout, "read_config", lambda *_: config)

    def request(**_: Any) -> None:
        raise ReachedError

    monkeypatch.setattr(tasks.rollout, "RevisionRequest", request)
    service = SimpleNamespace(require=lambda: SimpleNamespace(task_definition={}))
    any_: Any = SimpleNamespace(**dict.fromkeys(("repository_name", "container", "task_definition_arn"), ""))
    settings = SimpleNamespace(registry=None, variables={}, django=SimpleNamespace(environment={}))
    live: Any = SimpleNamespace(access=None, outputs=any_, settings=settings, service=service)
    release = Release(name="a" * 12, image="pay@sha256:1", digest="sha256:1", revision=revision)
    with disable_run_logger():
        register_revision.fn(live, release)


def test_the_image_of_another_commit_is_not_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tag is the same: twelve digits, which two commits can be made to share."""
    with pytest.raises(ImageError, match=f"is of commit {OTHER}, and {ASKED} is to be deployed: nothing was"):
        registered(OTHER, ASKED, monkeypatch)


@pytest.mark.parametrize(("label", "revision"), [(ASKED, ASKED), ("", ASKED), (OTHER, "")])
def test_an_image_that_names_the_commit_or_none_is(
    label: str, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images made elsewhere need no label; without a commit, what was asked for is the image."""
    with pytest.raises(ReachedError):
        registered(label, revision, monkeypatch)
