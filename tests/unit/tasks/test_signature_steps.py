"""Signing what is pushed, and refusing what is not signed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from prefect.logging import disable_run_logger
from support.blob_registry import blob_registry
from support.fake_engine import FakeEngine
from support.live import live_environment

import tasks.image
from pipeline.aws.access import AwsAccess
from pipeline.environment.model import Signing, SourceSettings
from pipeline.image.request import ImageError
from pipeline.image.signature import WrongSignatureError, require_signature, signature_tag
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs, OutputsError
from pipeline.preflight.model import CheckResult, run_checks
from pipeline.preflight.signing import signing_checks
from pipeline.release.model import Release
from pipeline.source.location import ResolvedSource
from tasks.image import build_release, find_release, push_release, require_image
from tasks.signature import check_signature

TYPE = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveEnvironment]:
    """An environment that signs."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    with mock_aws(), blob_registry() as (registry, _), disable_run_logger():
        access = AwsAccess("af-south-1", access_key_id="signature-steps", secret_access_key="x")
        access.client("ecr").create_repository(repositoryName="pay", imageTagMutability="IMMUTABLE")
        key = access.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        outputs = Outputs.model_construct(
            repository_name="pay",
            repository_url="registry.test/pay",
            signing_key_arn=key["KeyMetadata"]["Arn"],
        )
        source = SourceSettings(repository=str(tmp_path))
        yield live_environment(access, outputs, source=source, signing=Signing(), registry=registry)


@pytest.fixture
def engine(live: LiveEnvironment, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """An engine that pushes into the registry: each time the same image."""
    found = FakeEngine(pushing=lambda image: put(live, image.rpartition(":")[2]))
    monkeypatch.setattr(tasks.image, "connect", lambda: found)
    return found


def put(live: LiveEnvironment, tag: str, content: str = "1") -> str:
    """Push an image, as anybody with the right to could."""
    blob = {"digest": f"sha256:{content * 64}"}
    manifest = {"mediaType": TYPE, "config": blob, "layers": [blob]}
    image = live.access.client("ecr").put_image(
        repositoryName="pay", imageManifest=json.dumps(manifest), imageTag=tag
    )["image"]
    return str(image["imageId"]["imageDigest"])


def tags(live: LiveEnvironment) -> list[str]:
    """Return the tags in the repository."""
    pages = live.access.client("ecr").list_images(repositoryName="pay")["imageIds"]
    return sorted(item.get("imageTag", "") for item in pages)


def push(live: LiveEnvironment, tmp_path: Path) -> Release:
    """Build and push a release."""
    source = ResolvedSource(tmp_path, "https://git.test/app", "v1", "b" * 40)
    return push_release.fn(live, source, build_release.fn(live, source))


def test_what_is_pushed_is_signed_before_it_has_its_tag(
    live: LiveEnvironment, engine: FakeEngine, tmp_path: Path
) -> None:
    """The tag of the push stays beside it at the registry, and goes from the engine."""
    release = push(live, tmp_path)
    first = engine.pushed.removeprefix(f"{live.settings.registry}/pay:")
    assert first.startswith("pushed-")
    assert tags(live) == [release.name, first, signature_tag(release.digest)]
    assert engine.names == []
    assert require_image.fn(live, release.digest).name == release.name
    check_signature.fn(live, release.digest)


@pytest.mark.parametrize("killed_at", ["sign_image", "add_tag"])
def test_a_push_that_was_killed_is_done_again(
    live: LiveEnvironment,
    engine: FakeEngine,
    tmp_path: Path,
    killed_at: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without its tag nobody finds the release, so that it is built and signed again."""

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tasks.image, killed_at, die)
        with pytest.raises(KeyboardInterrupt):
            push(live, tmp_path)
    assert find_release.fn(live, "b" * 12) is None
    check_signature.fn(live, push(live, tmp_path).digest)


def test_nothing_is_signed_that_somebody_else_pushed(
    live: LiveEnvironment, engine: FakeEngine, tmp_path: Path
) -> None:
    """Not even under the release's own tag: it is taken for what it is, and refused."""
    theirs = put(live, "b" * 12, "6")
    release = push(live, tmp_path)
    assert release.digest == theirs
    with pytest.raises(
        ImageError, match=rf"{theirs} of pay has no signature .* staging demands one\. Deploy a"
    ):
        check_signature.fn(live, release.digest)


def test_unsigned_images_pass_where_none_is_demanded(live: LiveEnvironment, engine: FakeEngine) -> None:
    """For the time until the releases to go back to are signed; a wrong signature is refused all the same."""
    lenient = replace(live, settings=live.settings.model_copy(update={"signing": Signing(required=False)}))
    digest = put(live, "r1")
    check_signature.fn(lenient, digest)
    put(live, signature_tag(digest), "7")
    with pytest.raises(WrongSignatureError, match="Find out who pushed it"):
        check_signature.fn(lenient, digest)


def test_without_signing_nothing_is_asked(live: LiveEnvironment, engine: FakeEngine, tmp_path: Path) -> None:
    """As before: one tag, no signature, and any image."""
    plain = replace(live, settings=live.settings.model_copy(update={"signing": None}))
    release = push(plain, tmp_path)
    assert tags(live) == [release.name]
    check_signature.fn(plain, release.digest)
    with pytest.raises(ImageError):
        require_signature(live.access, "pay", release.digest, live.signing_key, live.settings.registry)


@pytest.mark.parametrize(
    ("wanted", "built"),
    [
        (None, None),
        ("arn:aws:kms:af-south-1:123456789012:key/1", "arn:aws:kms:af-south-1:123456789012:key/2"),
    ],
)
def test_a_key_that_terraform_has_not_built_for_is_said(
    live: LiveEnvironment, wanted: str | None, built: str | None
) -> None:
    """With what to run; nothing is deployed unsigned meanwhile."""
    settings = live.settings.model_copy(update={"signing": Signing(key=wanted)})
    other = replace(live, settings=settings, built=live.outputs.model_copy(update={"signing_key_arn": built}))
    with pytest.raises(OutputsError, match=r"are to be signed with .* Run deploy-infrastructure"):
        check_signature.fn(other, "sha256:1")


def findings(live: LiveEnvironment, image: str | None) -> dict[str, CheckResult]:
    """Ask the checks of the preflight, without those that they need."""
    return {
        item.name: item for item in run_checks([replace(c, needs=()) for c in signing_checks(live, image)])
    }


def test_preflight_looks_at_the_key_and_at_a_named_image(
    live: LiveEnvironment, engine: FakeEngine, tmp_path: Path
) -> None:
    """Before anything is changed; an image that is not there is another check's fault."""
    signed, unsigned = push(live, tmp_path), put(live, "r2", "2")
    assert [item.status for item in findings(live, None).values()] == ["OK"]
    assert findings(live, signed.name)["signature"].reason == f"signed with {live.signing_key}"
    assert findings(live, unsigned)["signature"].status == "NG"
    assert findings(live, "r3")["signature"].status == "SKIP"
    assert (
        signing_checks(replace(live, settings=live.settings.model_copy(update={"signing": None})), "r3") == ()
    )


def test_preflight_refuses_a_key_of_another_kind(live: LiveEnvironment) -> None:
    """One that encrypts signs nothing."""
    arn = live.access.client("kms").create_key(KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    other = replace(live, built=live.outputs.model_copy(update={"signing_key_arn": arn}))
    found = findings(other, None)["signing key"]
    assert found.status == "NG"
    assert "KeySpec is SYMMETRIC_DEFAULT, KeyUsage is ENCRYPT_DECRYPT of" in found.reason
