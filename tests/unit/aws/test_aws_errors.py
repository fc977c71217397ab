"""AWS's errors in a sentence with the next step."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from pipeline.aws.errors import THROTTLED, AwsError, calling, explain

EXPIRED = "The credentials have expired"
INVALID = "The credentials are not valid"
UNCLEAR = "credentials have expired or this machine's clock is wrong"
"""EC2's RequestExpired means either."""
CLOCK = "This machine's clock is wrong: set it"
DENIED = "lacks this permission"
BUSY = "throttles"
CODES = {
    "ExpiredToken": EXPIRED,
    "ExpiredTokenException": EXPIRED,
    "RequestExpired": UNCLEAR,
    "RequestTimeTooSkewed": CLOCK,
    "RequestInTheFuture": CLOCK,
    "InvalidClientTokenId": INVALID,
    "UnrecognizedClientException": INVALID,
    "SignatureDoesNotMatch": INVALID,
    "InvalidSignatureException": INVALID,
    "AuthFailure": INVALID,
    "InvalidAccessKeyId": INVALID,
    "AccessDenied": DENIED,
    "AccessDeniedException": DENIED,
    "UnauthorizedOperation": DENIED,
    "AuthorizationError": DENIED,
} | dict.fromkeys(sorted(THROTTLED), BUSY)


def refused(code: str, message: str = "no") -> ClientError:
    """Return what boto3 raises for an error code."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Op")


@pytest.mark.parametrize(("code", "advice"), CODES.items())
def test_codes_with_advice(code: str, advice: str) -> None:
    """Credentials, clock, permissions and throttling each have their next step, and no other's."""
    found = explain("Reading x", refused(code))
    assert f"{code}: no." in str(found)
    assert str(found).endswith(" (Reading x)")
    assert advice in str(found)
    assert [other for other in (EXPIRED, INVALID, CLOCK, DENIED, BUSY) if other in str(found)] == [
        other for other in (advice,) if advice != UNCLEAR
    ]
    assert found.code == code


@pytest.mark.parametrize("code", ["Throttling", "ThrottlingException", "ThrottledException", "SlowDown"])
def test_the_names_of_throttling(code: str) -> None:
    """Services name throttling differently."""
    assert code in THROTTLED


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException"])
@pytest.mark.parametrize(
    "message",
    [
        "Signature expired: 20250301T120000Z is now earlier than 20250301T121000Z (20250301T121500Z - 5 min)",
        "Signature not yet current: 20250301T123000Z is still later than 20250301T121000Z",
    ],
)
def test_a_signature_of_another_time_is_the_clocks_fault(code: str, message: str) -> None:
    """The code alone would send people to their keys."""
    found = str(explain("Reading x", refused(code, message)))
    assert CLOCK in found
    assert INVALID not in found


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException"])
def test_the_request_that_aws_repeats_is_not_told(code: str) -> None:
    """Behind a wrong signature AWS writes what it was made over, with the session token."""
    message = "The signature does not match.\n\nThe Canonical String was\n'GET\nx-amz-security-token:TOKEN'"
    found = str(explain("Reading x", refused(code, message)))
    assert "TOKEN" not in found
    assert "\n" not in found


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_waiting_mends_is_not_final(code: str) -> None:
    """Throttling passes and a permission can be granted meanwhile; keys and clock stay what they are."""
    assert explain("Reading x", refused(code)).final is (CODES[code] not in (BUSY, DENIED))


def test_no_answer_is_not_final() -> None:
    """A network may come back."""
    assert not explain("Reading x", ReadTimeoutError(endpoint_url="http://localhost:1")).final


def test_a_code_without_advice() -> None:
    """AWS's own words stand alone where there is nothing to add."""
    found = explain("Reading x", refused("NoSuchBucket", "It is gone."))
    assert str(found) == "NoSuchBucket: It is gone. (Reading x)"


def test_an_answer_without_a_body() -> None:
    """An error without code and message is still an error with the action."""
    found = explain("Reading x", ClientError({}, "HeadObject"))
    assert str(found).endswith("(Reading x)")
    assert "HeadObject" in str(found)
    assert found.code == ""


UNANSWERED = {
    "no connection": (EndpointConnectionError(endpoint_url="http://localhost:1"), "make status"),
    "no answer": (ReadTimeoutError(endpoint_url="http://localhost:1"), "run the same command again"),
}


@pytest.mark.parametrize(("error", "advice"), UNANSWERED.values(), ids=UNANSWERED)
def test_without_an_answer(error: BotoCoreError, advice: str) -> None:
    """Where no answer came there is no code, but a next step."""
    found = explain("Reading x", error)
    assert str(found).endswith(" (Reading x)")
    assert advice in str(found)
    assert found.code == ""


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (NoCredentialsError(), "Fill in the environment's aws-credentials block"),
        (
            PartialCredentialsError(provider="x", cred_var="y"),
            "Correct the environment's aws-credentials block",
        ),
    ],
    ids=["none", "half a key"],
)
def test_credentials_that_cannot_be_used_are_final(error: BotoCoreError, advice: str) -> None:
    """No waiting makes them better."""
    found = explain("Reading x", error)
    assert found.final
    assert advice in str(found)


def test_calling_keeps_the_cause() -> None:
    """The original error is chained."""
    error = refused("AccessDenied")
    with pytest.raises(AwsError, match=r"AccessDenied.* \(Reading x\)") as caught, calling("Reading x"):
        raise error
    assert caught.value.__cause__ is error


def test_calling_leaves_other_errors_alone() -> None:
    """A defect is no error of AWS."""
    with pytest.raises(KeyError), calling("Reading x"):
        raise KeyError("x")
