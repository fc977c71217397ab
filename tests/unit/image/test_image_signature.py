"""Signatures of images, in cosign's format."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from moto import mock_aws
from support.blob_registry import blob_registry

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.image.registry import Repository, put_blob, read_manifest
from pipeline.image.request import RegistryError
from pipeline.image.signature import (
    UnsignedError,
    WrongSignatureError,
    require_signature,
    sign_image,
    signature_tag,
    stated_digest,
    statement_of,
)

DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
REPOSITORY = Repository("123456789012.dkr.ecr.af-south-1.amazonaws.com", "pay")
Document = dict[str, Any]


@dataclass
class Site:
    """An account with a repository and two keys, and the registry of its blobs."""

    access: AwsAccess
    registry: str
    blobs: dict[str, bytes]
    key: str
    other: str

    def sign(self, digest: str = DIGEST, key: str = "") -> None:
        """Sign an image, with the first key unless another is named."""
        sign_image(self.access, REPOSITORY, digest, key or self.key, self.registry)

    def judge(self, key: str = "") -> None:
        """Look at the image's signature."""
        require_signature(self.access, "pay", DIGEST, key or self.key, self.registry)

    def manifest(self, digest: str = DIGEST) -> Document:
        """Return the manifest of an image's signatures."""
        return read_manifest(self.access, "pay", signature_tag(digest))

    def put(self, manifest: Document) -> None:
        """Write the image's signatures, whoever made them."""
        text = json.dumps(manifest)
        self.access.client("ecr").put_image(
            repositoryName="pay", imageManifest=text, imageTag=signature_tag(DIGEST)
        )


@pytest.fixture
def site() -> Iterator[Site]:
    """The account."""
    with mock_aws(), blob_registry() as (registry, blobs):
        access = AwsAccess("af-south-1", access_key_id="signatures", secret_access_key="x")
        access.client("ecr").create_repository(repositoryName="pay", imageTagMutability="IMMUTABLE")
        kms = access.client("kms")
        keys = [
            kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
            for _ in range(2)
        ]
        yield Site(access, registry, blobs, *keys)


def test_a_signed_image_is_known_by_its_key(site: Site) -> None:
    """Signing twice changes nothing; another key's owner has not signed it."""
    site.sign()
    before = site.manifest()
    site.sign()
    site.judge()
    assert site.manifest() == before
    with pytest.raises(WrongSignatureError, match=rf"{DIGEST}.*is of the key {site.other}"):
        site.judge(site.other)


def test_cosign_would_accept_it(site: Site) -> None:
    """As its specification has it: a layer's bytes are signed, and the public key alone shows it."""
    site.sign()
    (layer,) = site.manifest()["layers"]
    assert layer["mediaType"] == "application/vnd.dev.cosign.simplesigning.v1+json"
    statement = site.blobs[layer["digest"]]
    assert len(statement) == layer["size"]
    assert json.loads(statement) == {
        "critical": {
            "identity": {"docker-reference": REPOSITORY.address},
            "image": {"docker-manifest-digest": DIGEST},
            "type": "cosign container image signature",
        },
        "optional": None,
    }
    config = site.manifest()["config"]
    assert json.loads(site.blobs[config["digest"]])["rootfs"]["diff_ids"] == [layer["digest"]]
    public = load_der_public_key(site.access.client("kms").get_public_key(KeyId=site.key)["PublicKey"])
    assert isinstance(public, EllipticCurvePublicKey)
    signature = base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"])
    public.verify(signature, statement, ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(signature, statement + b" ", ECDSA(SHA256()))


def test_an_image_without_a_signature_is_said_to_have_none(site: Site) -> None:
    """It is another fault than a wrong one."""
    site.sign(OTHER)
    with pytest.raises(UnsignedError, match=rf"{DIGEST} of pay has no signature"):
        site.judge()


def _annotated(text: Any) -> Callable[[Document, Site], None]:
    def change(layer: Document, _: Site) -> None:
        layer["annotations"]["dev.cosignproject.cosign/signature"] = text

    return change


def _stated(statement: bytes) -> Callable[[Document, Site], None]:
    def change(layer: Document, site: Site) -> None:
        layer["digest"] = put_blob(site.access, "pay", statement, site.registry)

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda layer, _: layer.pop("annotations"),
        lambda layer, _: layer.update(mediaType="application/octet-stream"),
        _annotated("no base64 !"),
        _annotated(""),
        _annotated(7),
        _annotated(base64.b64encode(b"no signature").decode()),
        _annotated(base64.b64encode(b"x" * 9000).decode()),
        _stated(statement_of("elsewhere/pay", DIGEST)),
        _stated(b"{}"),
        _stated(b"x" * 5000),
    ],
    ids=["none", "type", "text", "empty", "number", "nonsense", "long", "statement", "form", "large"],
)
def test_a_forged_signature_is_refused(site: Site, change: Callable[[Document, Site], object]) -> None:
    """Whatever is wrong with it."""
    site.sign(OTHER)
    manifest = site.manifest(OTHER)
    statement = put_blob(site.access, "pay", statement_of(REPOSITORY.address, DIGEST), site.registry)
    signed = site.access.client("kms").sign(
        KeyId=site.key,
        Message=site.blobs[statement],
        MessageType="RAW",
        SigningAlgorithm="ECDSA_SHA_256",
    )["Signature"]
    layer = manifest["layers"][0]
    layer["digest"] = statement
    _annotated(base64.b64encode(signed).decode())(layer, site)
    change(layer, site)
    site.put(manifest)
    with pytest.raises(WrongSignatureError):
        site.judge()


def test_the_signature_of_another_image_is_none_of_this_one(site: Site) -> None:
    """Though the key is right: else one good release would open the door to every other image."""
    site.sign(OTHER)
    site.put(site.manifest(OTHER))
    with pytest.raises(WrongSignatureError):
        site.judge()


def test_one_good_signature_among_others_suffices(site: Site) -> None:
    """As with cosign: somebody else may have signed it too."""
    site.sign(OTHER, site.other)
    theirs = site.manifest(OTHER)["layers"]
    ours = statement_of(REPOSITORY.address, DIGEST)
    signed = site.access.client("kms").sign(
        KeyId=site.key, Message=ours, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256"
    )["Signature"]
    layer = {**theirs[0], "digest": put_blob(site.access, "pay", ours, site.registry)}
    layer["annotations"] = {"dev.cosignproject.cosign/signature": base64.b64encode(signed).decode()}
    site.put({**site.manifest(OTHER), "layers": [*theirs, layer]})
    site.judge()


def test_a_lost_statement_is_no_verdict(site: Site) -> None:
    """The registry is asked again; nothing is said about the image."""
    site.sign()
    site.blobs.clear()
    with pytest.raises(RegistryError, match=r"could not be read from pay \(HTTPStatusError\)"):
        site.judge()


def test_a_key_that_may_not_be_used_is_no_verdict(site: Site) -> None:
    """Neither is what KMS refuses."""
    site.sign()
    with pytest.raises(AwsError, match="Verifying a signature with"):
        site.judge(site.key.replace("key/", "key/0"))


def test_at_ecr_the_blobs_go_by_its_own_calls(site: Site) -> None:
    """Of a layer that is there already nothing is changed."""
    for _ in range(2):
        digest = put_blob(site.access, "pay", b"statement")
    (found,) = site.access.client("ecr").batch_check_layer_availability(
        repositoryName="pay", layerDigests=[digest]
    )["layers"]
    assert (found["layerAvailability"], found["layerSize"]) == ("AVAILABLE", 9)


@pytest.mark.parametrize(
    ("statement", "digest"),
    [
        (statement_of("r/pay", DIGEST), DIGEST),
        (b"", ""),
        (b"null", ""),
        (b"[]", ""),
        (b'{"critical": null}', ""),
        (b'{"critical": {"image": {"docker-manifest-digest": "d"}, "type": "another"}}', ""),
        (statement_of("r/pay", DIGEST).replace(f'"{DIGEST}"'.encode(), b"[7]"), ""),
        (b"[" * 100_000, ""),
        (b"\xff", ""),
    ],
)
def test_what_a_statement_speaks_of(statement: bytes, digest: str) -> None:
    """Nonsense speaks of nothing."""
    assert stated_digest(statement) == digest
