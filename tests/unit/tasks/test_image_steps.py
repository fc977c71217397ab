"""Building and pushing a release, with an engine made of messages."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.errors import APIError
from moto import mock_aws
from prefect.logging import disable_run_logger
from support.fake_engine import DIGEST, FakeEngine
from support.live import live_environment

import tasks.image
from pipeline.aws.access import AwsAccess
from pipeline.environment.model import SourceSettings
from pipeline.image.request import ImageError, PushError
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs
from pipeline.source.location import ResolvedSource
from tasks.image import build_release, fetch_source, find_release, push_release, require_image

OUTPUTS = Outputs.model_construct(repository_name="pay", repository_url="registry.test/pay")
TYPE = "application/vnd.docker.distribution.manifest.v2+json"
MANIFEST = json.dumps({"mediaType": TYPE, "config": {"digest": DIGEST}, "layers": [{"digest": DIGEST}]})


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine that the steps reach."""
    found = FakeEngine()
    monkeypatch.setattr(tasks.image, "connect", lambda: found)
    return found


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveEnvironment]:
    """An environment whose source is a folder."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    source = SourceSettings(repository=str(tmp_path), build_args={"WITH": "tests"})
    with mock_aws(), disable_run_logger():
        access = AwsAccess("af-south-1", access_key_id="image-steps", secret_access_key="x")
        access.client("ecr").create_repository(repositoryName="pay")
        yield live_environment(access, OUTPUTS, source=source)


def test_a_source_becomes_an_image_in_the_registry(
    live: LiveEnvironment, engine: FakeEngine, tmp_path: Path
) -> None:
    """Under the release's name, with the environment's arguments; what is deployed is pinned by digest."""
    source = fetch_source.fn(live, None)
    image = build_release.fn(live, source)
    assert image == f"registry.test/pay:{source.release}"
    assert (engine.built["path"], engine.built["buildargs"]) == (str(tmp_path), {"WITH": "tests"})
    release = push_release.fn(live, source, image)
    assert engine.pushed == image
    assert (release.name, release.image) == (source.release, f"registry.test/pay@{DIGEST}")


def test_a_pinned_source_is_named_by_its_commit(
    live: LiveEnvironment, engine: FakeEngine, tmp_path: Path
) -> None:
    """The release carries commit and ref into its record."""
    source = ResolvedSource(tmp_path, "https://git.test/app", "v1", "b" * 40)
    release = push_release.fn(live, source, build_release.fn(live, source))
    assert (release.name, release.revision, release.ref) == ("b" * 12, "b" * 40, "v1")


def test_a_push_whose_answer_was_lost_finds_its_image(
    live: LiveEnvironment, engine: FakeEngine, tmp_path: Path
) -> None:
    """The engine repeats it, and meets its own tag, which cannot be written twice."""
    ecr = live.access.client("ecr")
    source = fetch_source.fn(live, None)
    image = build_release.fn(live, source)

    def lost(_: str) -> str:
        raise APIError(f"tag invalid: The image tag '{source.release}' already exists and is immutable")

    engine.pushing = lost
    with pytest.raises(PushError, match="the tag exists already"):
        push_release.fn(live, source, image)
    put = ecr.put_image(repositoryName="pay", imageManifest=MANIFEST, imageTag=source.release)
    digest = put["image"]["imageId"]["imageDigest"]
    release = push_release.fn(live, source, image)
    assert (release.digest, release.image) == (digest, f"registry.test/pay@{digest}")


def test_a_release_is_found_by_tag_or_digest(live: LiveEnvironment) -> None:
    """One without a tag is called by the beginning of its digest; what is not there is None, or refused."""
    ecr = live.access.client("ecr")
    image = ecr.put_image(repositoryName="pay", imageManifest=MANIFEST, imageTag="r1")["image"]
    digest = str(image["imageId"]["imageDigest"])
    by_tag, by_digest = find_release.fn(live, "r1"), require_image.fn(live, digest)
    assert by_tag is not None
    assert (by_tag.name, by_tag.image) == ("r1", f"registry.test/pay@{digest}")
    assert by_digest == by_tag
    assert find_release.fn(live, "r2") is None
    with pytest.raises(ImageError, match="has no image r2"):
        require_image.fn(live, "r2")
