"""Where the engine works."""

from dataclasses import dataclass

from pipeline.aws.access import AwsAccess
from pipeline.outputs import Outputs


@dataclass(frozen=True)
class Site:
    """Where to back up: the environment's account, what Terraform built, and how tasks reach S3."""

    access: AwsAccess
    outputs: Outputs
    task_endpoint_url: str | None = None
    """Endpoint that presigned URLs name; S3's own when absent."""
