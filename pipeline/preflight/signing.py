"""Preconditions of a deployment where images are signed."""

from functools import partial

from pipeline.aws.errors import calling
from pipeline.image.registry import find_image
from pipeline.image.signature import UnsignedError, WrongSignatureError, require_signature
from pipeline.live import LiveEnvironment
from pipeline.preflight.model import Check, CheckFailedError, CheckSkippedError

_USABLE = {"KeyState": "Enabled", "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}


def judge_signature(live: LiveEnvironment, digest: str) -> str:
    """Say whether an image is signed; "" where the environment asks for no signatures.

    Raises:
        UnsignedError: it is not, and the environment demands it.
        WrongSignatureError: it is, but not with the environment's key.
        RegistryError: the registry does not hand out a signature.
        AwsError: KMS or ECR refuses or cannot be reached.
    """
    settings, key = live.settings.signing, live.signing_key
    if settings is None:
        return ""
    try:
        require_signature(live.access, live.outputs.repository_name, digest, key, live.settings.registry)
    except UnsignedError as error:
        if settings.required:
            advice = "Deploy a commit that was not built yet, or set required = false in `signing`."
            raise UnsignedError(f"{error} {live.name} demands one. {advice}") from error
        return f"{error} It is let through, as `signing` has required = false."
    except WrongSignatureError as error:
        raise WrongSignatureError(f"{error} Find out who pushed it; deploy another commit.") from error
    return f"signed with {key}"


def signing_checks(live: LiveEnvironment, image: str | None) -> tuple[Check, ...]:
    """Return the checks of the key, and of a named image's signature; () where images are not signed."""
    if live.settings.signing is None:
        return ()
    key = Check("signing key", partial(_usable_key, live), needs=("identity",))
    if image is None:
        return (key,)
    return (key, Check("signature", partial(_signature, live, image), needs=("repository", "signing key")))


def _usable_key(live: LiveEnvironment) -> str:
    key = live.signing_key
    with calling(f"Describing the key {key}"):
        found = live.access.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    differing = [
        f"{name} is {found.get(name)}" for name, value in _USABLE.items() if found.get(name) != value
    ]
    if differing:
        raise CheckFailedError(
            f"{', '.join(differing)} of {key}; {', '.join(_USABLE.values())} is needed. Name another key in "
            "`signing`, or none, and run deploy-infrastructure."
        )
    return key


def _signature(live: LiveEnvironment, image: str) -> str:
    found = find_image(live.access, live.outputs.repository_name, image)
    if found is None:
        raise CheckSkippedError(f"the repository has no image {image}")
    return judge_signature(live, found.digest)
