"""Reads whole objects from S3. botocore repeats a request that fails, but none whose answer breaks off."""

from typing import Any

from botocore.exceptions import HTTPClientError, IncompleteReadError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter


@retry(
    retry=retry_if_exception_type((HTTPClientError, IncompleteReadError)),
    wait=wait_exponential_jitter(multiplier=0.1, max=2),
    stop=stop_after_attempt(5),
    reraise=True,
)
def read_object(s3: Any, **request: Any) -> dict[str, Any]:
    """Return GetObject's answer with its ``Body`` as bytes; for objects that fit into memory.

    Raises:
        ClientError, BotoCoreError: it could not be read, also not when asked again.
    """
    answer = s3.get_object(**request)
    return {**answer, "Body": answer["Body"].read()}
