"""A bucket of somebody else is never touched, and a protected one never weakened."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline.state.bucket import StateBucket, settle
from pipeline.state.model import BucketTakenError
from pipeline.state.protection import requires_tls, with_tls


class FakeS3:
    """Answers head_bucket and create_bucket with errors; anything else would be a touch."""

    def __init__(self, head: str, create: str = "") -> None:
        self._head, self._create = head, create

    def head_bucket(self, **_arguments: Any) -> None:
        """Refuse."""
        raise ClientError({"Error": {"Code": self._head}}, "HeadBucket")

    def create_bucket(self, **_arguments: Any) -> None:
        """Refuse."""
        raise ClientError({"Error": {"Code": self._create}}, "CreateBucket")


@pytest.mark.parametrize("answers", [("403",), ("301",), ("404", "BucketAlreadyExists")])
def test_a_bucket_of_another_account_is_refused(answers: tuple[str, ...]) -> None:
    """The error says that names are global and what to set."""
    with pytest.raises(BucketTakenError, match="set account_id"):
        list(settle(StateBucket(FakeS3(*answers), "taken", "af-south-1", "123456789012"), repair=True))


def test_the_tls_statement_is_added_once_and_others_stay() -> None:
    """Repairing is safe to repeat."""
    own = json.dumps({"Version": "2012-10-17", "Statement": {"Sid": "Own", "Effect": "Allow"}})
    once = with_tls(own, "b", "aws-cn")
    assert with_tls(once, "b", "aws-cn") == once
    assert [item["Sid"] for item in json.loads(once)["Statement"]] == ["Own", "DenyInsecureTransport"]
    assert json.loads(once)["Statement"][1]["Resource"] == ["arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b/*"]
    assert requires_tls(once)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Action": "s3:GetObject"},
        {"Condition": {}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {
            "Condition": {
                "Bool": {"aws:SecureTransport": "false"},
                "StringEquals": {"aws:PrincipalAccount": "123456789012"},
            }
        },
    ],
)
def test_a_statement_that_is_weaker_does_not_count(change: dict[str, Any]) -> None:
    """Only a denial of everything, for everyone, over plain HTTP."""
    policy = json.loads(with_tls(None, "b"))
    policy["Statement"][0].update(change)
    assert not requires_tls(json.dumps(policy))
    assert not requires_tls(None)
