"""Calls AWS with errors that say what was tried."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws import explain


@contextmanager
def asking(action: str) -> Iterator[None]:
    """Turn what botocore raises inside into an AwsError about ``action``."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise explain(action, error) from error


def code_of(error: ClientError) -> str:
    """Return AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))
