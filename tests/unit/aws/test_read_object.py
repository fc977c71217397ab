"""An answer that breaks off in its body is asked for again."""

import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.response import StreamingBody
from support.http_serving import serving_http

from pipeline.aws.bucket import read_object


class BreakingS3:
    """Breaks off its first answers in the middle of the body."""

    def __init__(self, broken: int) -> None:
        self.broken, self.asked = broken, 0

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Return an answer that says nine bytes and has four of them, or all."""
        self.asked += 1
        sent = b"some" if self.asked <= self.broken else b"something"
        return {"Key": request["Key"], "Body": StreamingBody(io.BytesIO(sent), 9)}


def test_a_broken_body_is_read_again() -> None:
    """The third answer is whole."""
    s3 = BreakingS3(2)
    assert read_object(s3, Key="one") == {"Key": "one", "Body": b"something"}
    assert s3.asked == 3


def test_a_body_that_always_breaks_is_an_error() -> None:
    """It is not asked for for ever."""
    s3 = BreakingS3(99)
    with pytest.raises(IncompleteReadError):
        read_object(s3, Key="one")
    assert s3.asked == 5


class BreakingErrors(BaseHTTPRequestHandler):
    """S3 that has no such object, and breaks off its first two answers in the middle."""

    left = 2

    def do_GET(self) -> None:
        """Announce the whole answer; send half of it, or all."""
        whole = b"<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>"
        self.send_response(404)
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        self.wfile.write(whole if not self.left else whole[:20])
        type(self).left = max(self.left - 1, 0)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def s3() -> Iterator[Any]:
    """A client of it."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "af-south-1"}
    with serving_http(BreakingErrors) as host:
        yield boto3.client("s3", endpoint_url=f"http://{host}", **keys)


def test_an_error_that_breaks_off_is_asked_for_again(s3: Any) -> None:
    """botocore reads the body of an error itself, and lets through what urllib3 raises there."""
    with pytest.raises(ClientError, match="NoSuchKey"):
        read_object(s3, Bucket="bucket", Key="one")
    assert BreakingErrors.left == 0
