"""Presigns S3 URLs for the endpoint that the task reaches."""

from dataclasses import replace
from typing import Literal

from botocore.config import Config

from pipeline.aws.errors import calling
from pipeline.live import LiveEnvironment

_MARGIN = 900
"""Seconds that a URL outlives the task's own limit."""


class Signer:
    """Signs with Signature Version 4, the only one that regions such as af-south-1 know.

    A URL signed with temporary credentials dies with them, whatever its own lifetime.
    """

    def __init__(self, live: LiveEnvironment, timeout: float) -> None:
        style: Literal["path", "virtual"] = "path" if live.settings.task_endpoint_url else "virtual"
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            # A checksum in the URL would be that of an empty body.
            request_checksum_calculation="when_required",
        )
        self._s3 = replace(live.access, endpoint_url=live.settings.task_endpoint_url).client("s3", config)
        self._bucket = live.outputs.backup_bucket
        self._seconds = int(timeout) + _MARGIN

    def get(self, key: str) -> str:
        """Return a URL that reads the object."""
        return self._sign("get_object", Key=key)

    def put(self, key: str) -> str:
        """Return a URL that writes the object."""
        return self._sign("put_object", Key=key)

    def parts(self, key: str, upload_id: str, count: int) -> list[str]:
        """Return URLs that write parts 1 to ``count`` of a multipart upload."""
        return [
            self._sign("upload_part", Key=key, UploadId=upload_id, PartNumber=number)
            for number in range(1, count + 1)
        ]

    def _sign(self, operation: str, **parameters: object) -> str:
        with calling("Signing an S3 URL"):
            url = self._s3.generate_presigned_url(
                operation, Params={"Bucket": self._bucket, **parameters}, ExpiresIn=self._seconds
            )
        return str(url)
