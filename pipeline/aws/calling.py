"""Names what was tried in the errors that AWS answers."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws.errors import explain


@contextmanager
def calling(action: str) -> Iterator[None]:
    """Turn a botocore error raised inside into an AwsError that begins with ``action``."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise explain(action, error) from error
