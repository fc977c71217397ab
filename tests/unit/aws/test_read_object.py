"""An answer that breaks off in its body is asked for again."""

import io
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody

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
