"""AWS's errors in a sentence that names the thing and the next step."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from pipeline.errors import PipelineError

_EXPIRED = {"ExpiredToken", "ExpiredTokenException"}
_SIGNATURES = {"SignatureDoesNotMatch", "InvalidSignatureException"}
_INVALID = {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId"}
_SKEWED = {"RequestTimeTooSkewed", "RequestInTheFuture"}
_UNTIMELY = {"RequestExpired"}
_UNUSABLE = {"NoCredentialsError", "ProfileNotFound", "PartialCredentialsError"}
_FINAL = frozenset(_EXPIRED | _SIGNATURES | _INVALID | _SKEWED | _UNTIMELY | _UNUSABLE)
_BY_CLOCK = ("Signature expired", "Signature not yet current")
"""How AWS words a signature more than five minutes off (IAM user guide, "Troubleshoot SigV4")."""
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "ProvisionedThroughputExceededException",
        "SlowDown",
    }
)
"""As botocore's standard retry mode knows them."""


class AwsError(PipelineError):
    """A call to AWS failed; ``code`` is AWS's error code, botocore's class for
    credentials that cannot be used, or "" where no answer came."""

    def __init__(self, message: str, code: str = "") -> None:
        self.code = code
        self.transient = code not in _FINAL | _DENIED
        super().__init__(message)

    @property
    def final(self) -> bool:
        """Whether waiting is in vain: the same credentials by the same clock will not do better."""
        return self.code in _FINAL


def code_of(error: ClientError) -> str:
    """Return AWS's error code, such as NoSuchKey; "" where the answer has none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def explain(action: str, error: ClientError | BotoCoreError) -> AwsError:
    """Turn a botocore error into one that names cause, next step and what was tried (``action``)."""
    if isinstance(error, ClientError):
        code = code_of(error)
        message = str(error.response.get("Error", {}).get("Message", "")) or str(error)
        if code in _SIGNATURES:
            message = message.partition("\n")[0]  # behind it is the whole request, session token included
        said = ": ".join(filter(None, (code, message.rstrip(".")))) + "."
        advice = _advice(code, message)
        told = (advice, said) if code in _FINAL else (said, advice)
        return AwsError(f"{' '.join(filter(None, told))} ({action})", code)
    if isinstance(error, NoCredentialsError):
        message = f"No AWS credentials. Fill in the environment's aws-credentials block. ({action})"
        return AwsError(message, type(error).__name__)
    if isinstance(error, (ProfileNotFound, PartialCredentialsError)):
        message = f"{error}. Correct the environment's aws-credentials block. ({action})"
        return AwsError(message, type(error).__name__)
    if isinstance(error, EndpointConnectionError):
        advice = "Check the network, or that the local stack is up (make status)."
        return AwsError(f"{error}. {advice} ({action})")
    return AwsError(f"{error}. AWS could not be reached; run the same command again. ({action})")


@contextmanager
def calling(action: str) -> Iterator[None]:
    """Turn a botocore error raised inside into an AwsError that ends with ``action``."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise explain(action, error) from error


def _advice(code: str, message: str) -> str:
    if code in _EXPIRED:
        return "The credentials have expired: renew them in the aws-credentials block and run again."
    if code in _UNTIMELY:
        return (
            "Either the credentials have expired or this machine's clock is wrong: compare it with a time "
            "server, renew the credentials in the aws-credentials block, and run again."
        )
    if code in _SKEWED or (code in _SIGNATURES and message.startswith(_BY_CLOCK)):
        return "This machine's clock is wrong: set it by a time server (NTP) and run again."
    if code in _INVALID or code in _SIGNATURES:
        return "The credentials are not valid: correct them in the aws-credentials block and run again."
    if code in _DENIED:
        return "The identity lacks this permission: see docs/security.md for the pipeline role."
    if code in THROTTLED:
        return "AWS throttles the account: wait a minute and run again."
    return ""
