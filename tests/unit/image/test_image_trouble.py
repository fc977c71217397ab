"""What the registry, the engine and the docker command answer when something is wrong."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import docker
import pytest
import requests
from docker.errors import APIError, DockerException
from moto import mock_aws
from support.refusals import UNREACHABLE, refusing
from tenacity import wait_none

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.image.build import build_image
from pipeline.image.buildkit import BuildkitCli, buildkit_fault, find_buildkit
from pipeline.image.engine import connect, inspect_engine
from pipeline.image.push import ecr_login
from pipeline.image.registry import find_image
from pipeline.image.request import BuildError, BuildRequest, ImageError, RegistryError
from pipeline.image.scan import wait_for_findings

ACCESS = AwsAccess("af-south-1", access_key_id="image-trouble", secret_access_key="x")
DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def ecr() -> Iterator[Any]:
    """A registry with one empty repository."""
    with mock_aws():
        client = ACCESS.client("ecr")
        client.create_repository(repositoryName="pay")
        yield client


def pushed(ecr: Any) -> str:
    """Push an image; return its digest."""
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"mediaType": kind, "config": {"digest": DIGEST}, "layers": []})
    return str(ecr.put_image(repositoryName="pay", imageManifest=manifest)["image"]["imageId"]["imageDigest"])


@pytest.mark.parametrize("name", ["1", DIGEST])
def test_an_image_that_is_not_there_is_none(ecr: Any, name: str) -> None:
    """By tag or by digest; a repository that is not there is an error with the next step."""
    assert find_image(ACCESS, "pay", name) is None
    with pytest.raises(RegistryError, match="Run deploy-infrastructure"):
        find_image(ACCESS, "other", name)


@pytest.mark.parametrize("code", ["ServerException", UNREACHABLE])
def test_a_registry_that_does_not_answer_holds_nothing_for_sure(ecr: Any, code: str) -> None:
    """Neither an image, nor a login, nor a good scan is made up."""
    with refusing(ecr, "DescribeImages", code), pytest.raises(AwsError, match=r"Looking for 1 in .* pay"):
        find_image(ACCESS, "pay", "1")
    with refusing(ecr, "GetAuthorizationToken", code), pytest.raises(AwsError, match="for a login"):
        ecr_login(ACCESS)
    digest = pushed(ecr)
    with refusing(ecr, "BatchGetImage", code), pytest.raises(AwsError, match="Reading the manifest"):
        wait_for_findings(ACCESS, "pay", digest, "amd64", limit=0, poll=wait_none())
    with refusing(ecr, "DescribeImageScanFindings", code), pytest.raises(AwsError, match="scan findings"):
        wait_for_findings(ACCESS, "pay", digest, "amd64", limit=0, poll=wait_none())


@pytest.mark.parametrize("code", ["AccessDenied", UNREACHABLE])
def test_a_scan_of_which_nothing_is_known_is_not_waited_for(ecr: Any, code: str) -> None:
    """Whether it will come cannot be asked: it counts as off, which is no pass."""
    digest = pushed(ecr)
    with (
        refusing(ecr, "DescribeImageScanFindings", "ScanNotFoundException"),
        refusing(ecr, "BatchGetRepositoryScanningConfiguration", code),
    ):
        assert "is off" in wait_for_findings(ACCESS, "pay", digest, "amd64", poll=wait_none()).unavailable


@pytest.mark.parametrize("token", [b"", b"no-colon"])
def test_a_login_without_a_password_is_none(token: bytes) -> None:
    """An answer without a token, or with half of one."""

    class Registry:
        def client(self, _: str) -> "Registry":
            return self

        def get_authorization_token(self) -> dict[str, Any]:
            data = [{"authorizationToken": base64.b64encode(token).decode()}] if token else []
            return {"authorizationData": data}

    with pytest.raises(RegistryError, match="gave no login"):
        ecr_login(cast("AwsAccess", Registry()))


class FakeEngine:
    """An engine that streams what it is given, or raises it."""

    def __init__(self, *stream: dict[str, Any] | Exception) -> None:
        self.stream = stream
        self.api = self

    def build(self, **_: Any) -> Iterator[dict[str, Any]]:
        """Stream."""
        for item in self.stream:
            if isinstance(item, Exception):
                raise item
            yield item

    def info(self) -> dict[str, Any]:
        """Refuse."""
        raise DockerException("gone")


def built(folder: Path, *stream: dict[str, Any] | Exception, limit: float = 60) -> None:
    """Build from an empty Dockerfile."""
    (folder / "Dockerfile").write_text("FROM scratch\n")
    engine = cast("docker.DockerClient", FakeEngine(*stream))
    build_image(engine, BuildRequest(folder, "pay:1", limit=limit))


STEP = {"stream": "Step 1/1 : FROM scratch\n"}


@pytest.mark.parametrize("error", [DockerException("gone"), ConnectionResetError("gone")])
def test_an_engine_that_goes_away_is_told_with_the_step(tmp_path: Path, error: Exception) -> None:
    """And with what to look at."""
    with pytest.raises(BuildError, match=r"gone\. Check that the Docker engine runs.*\n.*step 1/1"):
        built(tmp_path, STEP, error)


def test_a_dockerfile_that_is_not_understood_is_told_in_the_engines_words(tmp_path: Path) -> None:
    """Without the request's address, which holds the build arguments, and without advice on the engine."""
    said = "dockerfile parse error line 18: unknown instruction: WORKDIRR"
    response = requests.Response()
    response.status_code, response.url = 400, "http+docker://localhost/build?buildargs=SECRET"
    with pytest.raises(BuildError) as caught:
        built(tmp_path, APIError("400 Client Error for " + response.url, response, said))
    assert str(caught.value) == f"{said}\nBuilding pay:1 failed."


def test_a_build_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """At the next word of the engine."""
    with pytest.raises(BuildError, match="not done after 0 s"):
        built(tmp_path, STEP, STEP, limit=0)


def test_a_build_that_ends_without_an_image_is_no_success(tmp_path: Path) -> None:
    """Whatever the engine thought."""
    with pytest.raises(BuildError, match="without an image"):
        built(tmp_path, STEP)


def test_an_engine_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When it is reached for, and when it is asked what it is."""
    with pytest.raises(ImageError, match="docker info"):
        inspect_engine(cast("docker.DockerClient", FakeEngine()))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody")
    with pytest.raises(ImageError, match="docker info"):
        connect()


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only docker command in PATH; each test writes its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/nothing:{folder}:/usr/bin:/bin")
    monkeypatch.setattr(os, "get_exec_path", lambda: [f"{tmp_path}/nothing", str(folder)])
    return folder / "docker"


def script(path: Path, text: str) -> None:
    """Write the command."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


BUILDKIT = "FROM scratch\nRUN --mount=type=cache,target=/x true\n"


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ("exit 0", True),
        ('[ "$1" = version ] && echo 20.10.24 || exit 1', False),
        ('[ "$1" = version ] && echo 24.0.1 || exit 1', None),
        ("exit 1", None),
    ],
)
def test_a_docker_command_reaches_buildkit_by_plugin_or_by_age(
    command: Path, tmp_path: Path, says: str, found: bool | None
) -> None:
    """From 23.0 on the client alone has no BuildKit; what is missing is told before the build."""
    (tmp_path / "Dockerfile").write_text(BUILDKIT)
    script(command, says)
    expected = None if found is None else BuildkitCli(str(command), buildx=found)
    assert find_buildkit() == expected
    assert (buildkit_fault(tmp_path, "Dockerfile") is None) is (found is not None)


def test_a_dockerfile_that_needs_no_buildkit_asks_for_none(command: Path, tmp_path: Path) -> None:
    """Any engine builds it."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    assert buildkit_fault(tmp_path, "Dockerfile") is None


def build_by_command(folder: Path, limit: float = 60) -> Any:
    """Build what only BuildKit builds; the engine itself must not be asked."""
    (folder / "Dockerfile").write_text(BUILDKIT)
    return build_image(cast("docker.DockerClient", None), BuildRequest(folder, "pay:1", limit=limit))


def test_without_buildkit_the_build_does_not_begin(command: Path, tmp_path: Path) -> None:
    """The error says what to install."""
    with pytest.raises(ImageError, match="Install docker's buildx plugin"):
        build_by_command(tmp_path)


def test_the_image_is_what_the_command_wrote_down(command: Path, tmp_path: Path) -> None:
    """Its id comes from a file, not from the output."""
    script(command, f'for a in "$@"; do case $a in --iidfile=*) echo {DIGEST} > "${{a#*=}}";; esac; done')
    assert build_by_command(tmp_path).image_id == DIGEST


def test_a_command_that_fails_is_a_failed_build(command: Path, tmp_path: Path) -> None:
    """With its exit code."""
    script(command, 'case "$*" in *iidfile*) exit 7;; esac')
    with pytest.raises(BuildError, match="docker build ended with 7"):
        build_by_command(tmp_path)


def test_a_silent_command_is_given_up_and_ended(command: Path, tmp_path: Path) -> None:
    """It may hang without a word."""
    script(command, f'case "$*" in *iidfile*) echo $$ > {tmp_path}/pid; exec sleep 60;; esac')
    with pytest.raises(BuildError, match="given up"):
        build_by_command(tmp_path, limit=1)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
