"""The bill of materials of a release, and what becomes of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from moto import mock_aws
from prefect.logging import disable_run_logger
from support.image_layers import METADATA, layer
from support.live import live_environment

import pipeline.image.layers
import tasks.image
from pipeline.aws.access import AwsAccess
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs
from pipeline.release.model import Release
from tasks.image import list_packages

OUTPUTS = Outputs.model_construct(
    repository_name="pay", repository_url="registry.test/pay", backup_bucket="backups"
)
TYPE = "application/vnd.docker.distribution.manifest.v2+json"
FILES: dict[str, bytes | str] = {"venv/lib/django.dist-info/METADATA": METADATA}


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveEnvironment]:
    """An environment with a registry and a bucket."""
    monkeypatch.setattr(tasks.image, "_architecture", lambda _: "amd64")
    with mock_aws(), disable_run_logger():
        access = AwsAccess("af-south-1", access_key_id="bill-step", secret_access_key="x")
        access.client("ecr").create_repository(repositoryName="pay")
        place = {"LocationConstraint": "af-south-1"}
        access.client("s3").create_bucket(Bucket="backups", CreateBucketConfiguration=place)
        yield live_environment(access, OUTPUTS)


@pytest.fixture
def release(live: LiveEnvironment) -> Release:
    """A release in the registry, of one layer."""
    manifest = {"mediaType": TYPE, "config": {"digest": "sha256:c"}, "layers": [{"digest": "sha256:l"}]}
    put = live.access.client("ecr").put_image(
        repositoryName="pay", imageTag="r1", imageManifest=json.dumps(manifest)
    )
    digest = put["image"]["imageId"]["imageDigest"]
    return Release(name="r1", image=f"registry.test/pay@{digest}", digest=digest)


def serve(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[str]:
    """Let the registry hand this out as each layer; return the list of what is asked for."""
    asked: list[str] = []

    @contextmanager
    def open_blob(
        _access: Any, _repository: str, blob: str, _registry: str | None
    ) -> Iterator[httpx.Response]:
        asked.append(blob)
        yield httpx.Response(200, stream=httpx.ByteStream(content))

    monkeypatch.setattr(pipeline.image.layers, "open_blob", open_blob)
    return asked


def test_a_bill_is_kept_and_made_once(
    live: LiveEnvironment, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release carries its key into its record; the same image is not read again."""
    asked = serve(monkeypatch, layer(FILES))
    told = list_packages.fn(live, release)
    key = f"releases/staging/bills/{release.digest.removeprefix('sha256:')}.json"
    assert (told.bill, told.no_bill) == (key, "")
    body = live.access.client("s3").get_object(Bucket="backups", Key=key)["Body"].read()
    assert [item["purl"] for item in json.loads(body)["components"]] == ["pkg:pypi/django-filter@24.3"]
    assert list_packages.fn(live, release) == told
    assert asked == ["sha256:l"]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of their own for what was found in layers."""
    monkeypatch.setenv("VIMBISO_STATE", str(tmp_path))


@pytest.mark.parametrize(("content", "said"), [(b"no tar", "sha256:l could not be read"), (b"", "sha256:l")])
def test_an_image_that_cannot_be_read_is_delivered_all_the_same(
    live: LiveEnvironment, release: Release, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    """The record says why it has no bill."""
    serve(monkeypatch, content)
    told = list_packages.fn(live, release)
    assert told.bill == ""
    assert said in told.no_bill


def test_a_defect_stops_no_release(
    live: LiveEnvironment, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a strange image makes of the reader."""
    serve(monkeypatch, layer(FILES))
    monkeypatch.setattr(tasks.image, "software_bill", lambda *_: 1 / 0)
    assert list_packages.fn(live, release).no_bill == "ZeroDivisionError: division by zero"


def test_a_bill_goes_with_its_image(
    live: LiveEnvironment, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others stay."""
    serve(monkeypatch, layer(FILES))
    list_packages.fn(live, release)
    live.bills.remove(["sha256:other"])
    assert live.bills.find(release.digest)
    live.bills.remove([release.digest])
    assert live.bills.find(release.digest) == ""
