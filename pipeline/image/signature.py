"""Signs images by an asymmetric KMS key, and tells who signed one, in cosign's format.

A signature lies in the image's repository: a manifest with the tag ``sha256-DIGEST.sig``, whose layers are
signed statements (cosign, "Signature Specification").
"""

import base64
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import httpx

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.image.registry import Repository, find_image, open_blob, put_blob, put_manifest, read_manifest
from pipeline.image.request import ImageError, RegistryError, TagExistsError

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_STATEMENT = "application/vnd.dev.cosign.simplesigning.v1+json"
_SIGNATURE = "dev.cosignproject.cosign/signature"
_TYPE = "cosign container image signature"
_LARGEST = 4096
"""Bytes of the largest message that KMS signs as it is."""
_MOST = 20
"""Signatures of an image that are looked at."""


class UnsignedError(ImageError):
    """An image has no signature."""


class WrongSignatureError(ImageError):
    """An image has signatures, and none of them is of the key and of this image."""


def signature_tag(digest: str) -> str:
    """Return the tag of an image's signatures."""
    return f"{digest.replace(':', '-')}.sig"


def statement_of(address: str, digest: str) -> bytes:
    """Return what is signed: that a digest is an image of a repository (``HOST/NAME``)."""
    critical = {
        "identity": {"docker-reference": address},
        "image": {"docker-manifest-digest": digest},
        "type": _TYPE,
    }
    return json.dumps({"critical": critical, "optional": None}, separators=(",", ":")).encode()


def stated_digest(statement: bytes) -> str:
    """Return the digest that a statement speaks of; "" where it is none of an image."""
    try:
        critical = json.loads(statement)["critical"]
        found = critical["image"]["docker-manifest-digest"] if critical["type"] == _TYPE else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


def sign_image(
    access: AwsAccess, repository: Repository, digest: str, key: str, registry: str | None = None
) -> None:
    """Sign an image; one that has signatures already is left as it is, as tags are written once.

    Args:
        access: of the account that has the registry.
        repository: the image's.
        digest: of the image or index.
        key: ARN of a KMS key (ECC_NIST_P256, SIGN_VERIFY).
        registry: host that serves blobs in ECR's place (an emulator's).

    Raises:
        RegistryError: the registry does not take the signature.
        AwsError: KMS or ECR refuses or cannot be reached.
    """
    statement = statement_of(repository.address, digest)
    with calling(f"Signing {digest} with {key}"):
        signature = access.client("kms").sign(
            KeyId=key, Message=statement, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256"
        )["Signature"]
    name = repository.name
    layer = _blob(put_blob(access, name, statement, registry), statement, _STATEMENT)
    layer["annotations"] = {_SIGNATURE: base64.b64encode(signature).decode()}
    text = _config_of(layer["digest"])
    config = _blob(put_blob(access, name, text, registry), text, _CONFIG)
    manifest = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": [layer]})
    try:
        put_manifest(access, name, manifest, _MANIFEST, signature_tag(digest))
    except TagExistsError:
        return


def _blob(digest: str, body: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "size": len(body), "digest": digest}


def _config_of(statement: str) -> bytes:
    """Return the configuration of an image whose one layer is the statement of that digest."""
    layers = {"type": "layers", "diff_ids": [statement]}
    return json.dumps({"architecture": "", "os": "", "config": {}, "rootfs": layers}).encode()


def require_signature(
    access: AwsAccess, repository: str, digest: str, key: str, registry: str | None = None
) -> None:
    """Raise unless one of an image's signatures is of the key; the arguments are those of ``sign_image``.

    Raises:
        UnsignedError: there is no signature.
        WrongSignatureError: none is of this key and of this image.
        RegistryError: the registry does not hand out a signature.
        AwsError: KMS or ECR refuses or cannot be reached.
    """
    tag = signature_tag(digest)
    if find_image(access, repository, tag) is None:
        raise UnsignedError(f"Image {digest} of {repository} has no signature ({tag}).")
    layers = read_manifest(access, repository, tag).get("layers") or []
    for signature, blob in islice(_signatures(layers), _MOST):
        statement = _read(access, repository, blob, registry)
        if stated_digest(statement) == digest and _is_signed(access, key, statement, signature):
            return
    raise WrongSignatureError(f"No signature of image {digest} of {repository} ({tag}) is of the key {key}.")


def _signatures(layers: list[Mapping[str, Any]]) -> Iterator[tuple[bytes, str]]:
    """Yield each signature with the digest of its statement; what has another form is passed over."""
    for layer in layers:
        text = (layer.get("annotations") or {}).get(_SIGNATURE)
        if layer.get("mediaType") != _STATEMENT or not isinstance(text, str):
            continue
        try:
            signature = base64.b64decode(text, validate=True)
        except ValueError:
            continue
        if 0 < len(signature) <= _LARGEST:  # what KMS accepts
            yield signature, str(layer.get("digest"))


def _read(access: AwsAccess, repository: str, blob: str, registry: str | None) -> bytes:
    """Return a statement; b"" for one that is larger than any."""
    body = b""
    try:
        with open_blob(access, repository, blob, registry) as answer:
            for chunk in answer.iter_raw(_LARGEST):
                body += chunk
                if len(body) > _LARGEST:
                    return b""
    except httpx.HTTPError as error:
        reason = type(error).__name__  # the URL is signed
        raise RegistryError(
            f"A signature ({blob}) could not be read from {repository} ({reason}). Run again."
        ) from None
    return body


def _is_signed(access: AwsAccess, key: str, statement: bytes, signature: bytes) -> bool:
    kms = access.client("kms")
    with calling(f"Verifying a signature with {key}"):
        try:
            answer = kms.verify(
                KeyId=key,
                Message=statement,
                MessageType="RAW",
                Signature=signature,
                SigningAlgorithm="ECDSA_SHA_256",
            )
        except kms.exceptions.KMSInvalidSignatureException:
            return False
    return answer["SignatureValid"]
