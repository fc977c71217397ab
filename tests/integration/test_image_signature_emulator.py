"""Signatures of images at the emulator, whose registry and keys are others than AWS's."""

import json

import pytest
from support.ministack import ministack
from support.ports import free_port

from pipeline.image.registry import Repository, add_tag, find_image, put_blob
from pipeline.image.signature import WrongSignatureError, require_signature, sign_image

TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def test_an_image_is_signed_tagged_and_known() -> None:
    """The blobs go by the registry's own protocol, as the engine's pushes do."""
    with ministack(free_port()) as access:
        registry = str(access.endpoint_url).removeprefix("http://")
        ecr = access.client("ecr")
        ecr.create_repository(repositoryName="pay", imageTagMutability="IMMUTABLE")
        kms = access.client("kms")
        keys = [kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY") for _ in range(2)]
        arn, other = (key["KeyMetadata"]["Arn"] for key in keys)
        config = {"digest": put_blob(access, "pay", b"{}", registry), "size": 2}
        manifest = json.dumps({"schemaVersion": 2, "mediaType": TYPE, "config": config, "layers": []})
        put = ecr.put_image(repositoryName="pay", imageManifest=manifest, imageTag="pushed-1")
        digest = put["image"]["imageId"]["imageDigest"]
        for _ in range(2):
            sign_image(access, Repository(registry, "pay"), digest, arn, registry)
        add_tag(access, "pay", digest, "r1")
        found = find_image(access, "pay", "r1")
        assert found is not None
        assert (found.digest, found.tags) == (digest, ("pushed-1", "r1"))
        require_signature(access, "pay", digest, arn, registry)
        with pytest.raises(WrongSignatureError):
            require_signature(access, "pay", digest, other, registry)
