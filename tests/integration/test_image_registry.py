"""Images built by a real engine and pushed to the emulator's registry."""

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import docker
import pytest
from support.ministack import ministack
from support.ports import free_port

from pipeline.aws.access import AwsAccess
from pipeline.environment.model import Scan
from pipeline.image.build import build_image
from pipeline.image.buildkit import find_buildkit
from pipeline.image.engine import connect, inspect_engine, remove_older
from pipeline.image.push import ecr_login, push_image
from pipeline.image.registry import Repository, find_image
from pipeline.image.request import BuildError, BuildEvent, BuildRequest, ImageError, PushError, RegistryError
from pipeline.image.scan import judge_scan, wait_for_findings

pytestmark = pytest.mark.docker
_REPOSITORY = "image-test"


@pytest.fixture(scope="module")
def access() -> Iterator[AwsAccess]:
    """An emulator of its own with one repository."""
    with ministack(free_port()) as found:
        found.client("ecr").create_repository(repositoryName=_REPOSITORY)
        yield found


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    """The engine of this machine."""
    client = connect()
    yield client
    client.close()


@pytest.fixture
def request_(tmp_path: Path, access: AwsAccess, engine: docker.DockerClient) -> Iterator[BuildRequest]:
    """A context of two files for an image that holds only them."""
    (tmp_path / "Dockerfile").write_text(
        "FROM scratch AS first\nARG NOTE\nENV NOTE=${NOTE}\nCOPY . /\nFROM first\nENV LAST=1\n"
    )
    (tmp_path / ".dockerignore").write_text("hidden\n")
    (tmp_path / "hidden").write_text("x")
    (tmp_path / "unique").write_text(uuid.uuid4().hex)
    registry = str(access.endpoint_url).removeprefix("http://")
    image = Repository(registry, _REPOSITORY).tagged(uuid.uuid4().hex[:12])
    yield BuildRequest(tmp_path, image, arguments={"NOTE": "given"}, labels={"org.test": image})
    for known in engine.images.list(filters={"label": f"org.test={image}"}):
        engine.images.remove(str(known.id), force=True)


def test_build(engine: docker.DockerClient, request_: BuildRequest) -> None:
    """Arguments and labels arrive, progress is told, and the second build comes from the cache."""
    events: list[BuildEvent] = []
    built = build_image(engine, request_, events.append)
    config = engine.images.get(request_.image).attrs["Config"]
    assert {"NOTE=given", "LAST=1"} <= set(config["Env"])
    assert config["Labels"] == request_.labels
    steps = [(event.step, event.text) for event in events if event.kind == "step"]
    assert steps[0] == (1, "FROM scratch AS first")
    assert len(steps) == built.steps
    again = build_image(engine, request_)
    assert again.image_id == built.image_id
    assert again.cached > built.cached


def test_ignored_file(engine: docker.DockerClient, request_: BuildRequest) -> None:
    """What .dockerignore names doesn't change the image."""
    before = build_image(engine, request_).image_id
    (request_.context / "hidden").write_text("changed")
    assert before == build_image(engine, request_).image_id
    (request_.context / "unique").write_text("changed")
    assert before != build_image(engine, request_).image_id


def test_failing_step(engine: docker.DockerClient, request_: BuildRequest) -> None:
    """The error names the instruction that failed."""
    (request_.context / "Dockerfile").write_text("FROM scratch\nENV A=1\nCOPY nowhere /\n")
    with pytest.raises(BuildError, match="nowhere") as caught:
        build_image(engine, request_)
    assert caught.value.step == "step 3/4 (COPY nowhere /)"  # the fourth is the label


def test_missing_dockerfile(engine: docker.DockerClient, request_: BuildRequest) -> None:
    """A missing Dockerfile is said before the engine is asked."""
    (request_.context / "Dockerfile").unlink()
    with pytest.raises(ImageError, match="There is no Dockerfile"):
        build_image(engine, request_)


def test_buildkit(engine: docker.DockerClient, request_: BuildRequest) -> None:
    """A Dockerfile that needs BuildKit is built through it, with arguments, labels, progress and errors."""
    if find_buildkit() is None:
        pytest.skip("no docker command here reaches BuildKit")
    dockerfile = request_.context / "Dockerfile"
    dockerfile.write_text("FROM scratch\nARG NOTE\nENV NOTE=${NOTE}\nCOPY --chmod=700 unique /\n")
    events: list[BuildEvent] = []
    built = build_image(engine, request_, events.append)
    image = engine.images.get(request_.image)
    assert image.id == built.image_id
    assert "NOTE=given" in image.attrs["Config"]["Env"]
    assert image.attrs["Config"]["Labels"] == request_.labels
    assert "COPY --chmod=700 unique /" in [event.text for event in events if event.kind == "step"]
    dockerfile.write_text("FROM scratch\nCOPY --chmod=700 nowhere /\n")
    with pytest.raises(BuildError, match="nowhere") as caught:
        build_image(engine, request_)
    assert "COPY --chmod=700 nowhere /" in caught.value.step


def test_push_and_find(engine: docker.DockerClient, request_: BuildRequest, access: AwsAccess) -> None:
    """A pushed image is found by tag and digest, under the digest that the push returned; it pulls back."""
    tag = request_.image.rpartition(":")[2]
    assert find_image(access, _REPOSITORY, tag) is None
    built = build_image(engine, request_)
    seen: list[str] = []
    digest = push_image(engine, request_.image, partial(ecr_login, access), seen.append)
    assert seen
    assert all(line.startswith("Layer ") for line in seen)
    for name in (tag, digest):
        found = find_image(access, _REPOSITORY, name)
        assert found is not None
        assert (found.digest, found.tags) == (digest, (tag,))
    assert digest == push_image(engine, request_.image, partial(ecr_login, access))
    engine.images.remove(request_.image, force=True)
    pinned = f"{request_.image.rpartition(':')[0]}@{digest}"
    assert engine.images.pull(pinned).id == built.image_id


def test_no_repository(engine: docker.DockerClient, request_: BuildRequest, access: AwsAccess) -> None:
    """A missing repository is named, with the flow that makes it."""
    with pytest.raises(RegistryError, match="deploy-infrastructure"):
        find_image(access, "nowhere", "1")
    build_image(engine, request_)
    other = request_.image.replace(_REPOSITORY, "nowhere")
    engine.images.get(request_.image).tag(other)
    with pytest.raises(PushError, match=r"nowhere.*deploy-infrastructure"):
        push_image(engine, other, partial(ecr_login, access))


def test_scan_is_skipped(engine: docker.DockerClient, request_: BuildRequest, access: AwsAccess) -> None:
    """A registry without scanning gives SKIPPED and the reason, quickly."""
    build_image(engine, request_)
    digest = push_image(engine, request_.image, partial(ecr_login, access))
    result = wait_for_findings(access, _REPOSITORY, digest, "amd64", limit=20)
    verdict = judge_scan(result, Scan(), date(2026, 1, 1))
    assert verdict.outcome == "SKIPPED"
    assert "no image scanning" in verdict.reason


def test_engine(engine: docker.DockerClient) -> None:
    """The engine tells its architecture the way images do."""
    found = inspect_engine(engine)
    assert found.architecture in {"amd64", "arm64"}
    assert found.version


def test_older_images_leave_the_machine(engine: docker.DockerClient, request_: BuildRequest) -> None:
    """The newest stay, those of a repository whose name only begins alike stay, and a used one stays."""
    repository = Repository(request_.image.partition("/")[0], f"older-{uuid.uuid4().hex[:8]}")
    other = f"{repository.address}-other:one"
    built = build_image(engine, request_).image_id
    for name in (other, used := repository.tagged("used")):
        engine.api.tag(built, *name.rsplit(":", 1))
    container = engine.api.create_container(used, command="none")
    tags = [used]
    for number in range(3):
        (request_.context / "unique").write_text(uuid.uuid4().hex)
        tags.append(repository.tagged(f"release-{number}"))
        build_image(engine, replace(request_, image=tags[-1]))
        time.sleep(1.1)  # an image's time has whole seconds
    try:
        assert remove_older(engine, repository.address, 2) == [tags[1]]
        left = {tag for image in engine.images.list(name=repository.address) for tag in image.tags}
        assert left >= {used, *tags[2:]}
        assert tags[1] not in left
        assert engine.images.get(other).id == built
        assert remove_older(engine, repository.address, 2) == []
    finally:
        engine.api.remove_container(container)
        for tag in (other, used, *tags):
            with suppress(docker.errors.DockerException):
                engine.images.remove(tag)
