"""Access to AWS: who we are, clients, and errors that name the next step."""

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import ConflictError, S3Bucket
from pipeline.aws.calling import calling
from pipeline.aws.errors import AwsError, code_of, explain

__all__ = ["AwsAccess", "AwsError", "ConflictError", "S3Bucket", "calling", "code_of", "explain"]
