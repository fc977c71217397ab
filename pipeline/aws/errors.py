"""AWS's errors in a sentence that names the thing and the next step."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from pipeline.errors import PipelineError

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_INVALID = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "InvalidAccessKeyId",
}
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
    """A call to AWS failed; ``code`` is AWS's error code, or "" where no answer came."""

    def __init__(self, message: str, code: str = "") -> None:
        self.code = code
        super().__init__(message)


def explain(action: str, error: ClientError | BotoCoreError) -> AwsError:
    """Turn a botocore error into one that says what was tried (``action``) and what to do next."""
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        message = str(error.response.get("Error", {}).get("Message", "")) or str(error)
        return AwsError(f"{action}: {code}: {message.rstrip('.')}. {_advice(code)}".rstrip(), code)
    if isinstance(error, NoCredentialsError):
        return AwsError(f"{action}: no AWS credentials. Fill in the environment's aws-credentials block.")
    if isinstance(error, (ProfileNotFound, PartialCredentialsError)):
        return AwsError(f"{action}: {error}. Correct the environment's aws-credentials block.")
    if isinstance(error, EndpointConnectionError):
        return AwsError(f"{action}: {error}. Check the network, or that the local stack is up (make status).")
    return AwsError(f"{action}: {error}. AWS could not be reached; run the same command again.")


def _advice(code: str) -> str:
    if code in _EXPIRED:
        return "The credentials have expired: renew them in the aws-credentials block and run again."
    if code in _INVALID:
        return "The credentials are not valid: correct them in the aws-credentials block and run again."
    if code in _DENIED:
        return "The identity lacks this permission: see docs/security.md for the pipeline role."
    if code in THROTTLED:
        return "AWS throttles the account: wait a minute and run again."
    return ""
