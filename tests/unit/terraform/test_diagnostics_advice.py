"""Errors of Terraform name the next step."""

import pytest

from pipeline.terraform.diagnostics import (
    Diagnostic,
    StalePlanError,
    StateLockedError,
    TerraformError,
    advise,
    failure,
)

LOCK = "Error acquiring the state lock"
CASES = [
    (LOCK, "ConditionalCheckFailedException\nLock Info:\n  ID: 1", "unlock-state"),
    (
        LOCK,
        "ResourceNotFoundException: Requested resource not found\nUnable to retrieve item from",
        "bootstrap-state",
    ),
    (LOCK, "UnrecognizedClientException: The security token is invalid", "aws-credentials block"),
    ("No valid credential sources found", "Please see the docs", "aws-credentials block"),
    ("creating ECS Cluster", "api error ExpiredToken", "renew"),
    ("creating ECS Cluster", "api error RequestExpired", "clock"),
    ("reading S3 Object", "api error RequestTimeTooSkewed: too large", "clock"),
    ("reading IAM Role", "api error SignatureDoesNotMatch: Signature expired: x is now earlier", "clock"),
    ("reading IAM Role", "api error InvalidSignatureException: does not match", "not valid"),
    ("creating ECS Cluster", "AccessDeniedException: not authorized to perform: ecs:X", "docs/security.md"),
    ('Failed to get existing workspaces: S3 bucket "x" does not exist.', "", "bootstrap-state"),
    ("Saved plan is stale", "", "plan again"),
    ("creating SSM Parameter (/x)", "api error ParameterAlreadyExists: it exists", "import it"),
    ("creating Secrets Manager Secret (x)", "api error ResourceExistsException: it exists", "import it"),
    ("ELBv2 Load Balancer (x) already exists", "", "import it"),
    ("Error refreshing state: state data in S3 does not have the expected content.", "", "restore-state"),
    ("reading SSM Parameter", "ThrottlingException: Rate exceeded", "wait a minute"),
    ("Failed to query", "dial tcp 127.0.0.1:4566: connect: connection refused", "local stack"),
    ("Something unheard of", "", ""),
]


@pytest.mark.parametrize(("summary", "detail", "expected"), CASES)
def test_known_errors_have_a_next_step(summary: str, detail: str, expected: str) -> None:
    """The innermost cause decides, even behind the lock's own wrapper; an unknown error invents nothing."""
    advice = advise([Diagnostic("warning", "Odd"), Diagnostic("error", summary, detail)])
    assert expected in advice
    assert bool(advice) == bool(expected)


def test_a_wrong_configuration_names_its_place() -> None:
    """The message has file, line, the source and what to do."""
    wrong = Diagnostic("error", "Unsupported argument", "No x.", "", "main.tf", 6, "  x = 1")
    message = str(TerraformError("terraform validate failed.", [wrong]))
    assert message.splitlines() == [
        "terraform validate failed.",
        "main.tf:6: Unsupported argument",
        "    x = 1",
        "    No x.",
        "Fix main.tf, line 6, and run again.",
    ]


def test_without_diagnostics_stderr_is_told() -> None:
    """A crash of Terraform leaves only stderr."""
    assert str(TerraformError("It failed.", (), "panic: oh")) == "It failed.\npanic: oh"


def test_many_errors_are_cut_short() -> None:
    """Five errors are told, the rest is counted."""
    many = [Diagnostic("error", f"wrong {number}") for number in range(8)]
    assert str(TerraformError("It failed.", many)).splitlines()[-1] == "... and 3 more"


@pytest.mark.parametrize(
    ("summary", "detail", "expected"),
    [
        (LOCK, "Lock Info:\n  ID: 1", StateLockedError),
        (LOCK, "ResourceNotFoundException", TerraformError),
        ("Saved plan is stale", "", StalePlanError),
        ("Anything else", "", TerraformError),
    ],
)
def test_the_class_tells_the_kind(summary: str, detail: str, expected: type[TerraformError]) -> None:
    """Only a lock that is held is a lock error; a missing table is not."""
    assert type(failure("x", [Diagnostic("error", summary, detail)], "")) is expected
