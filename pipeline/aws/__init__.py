"""Access to AWS: who we are, clients, and errors that name the next step."""

from pipeline.aws.access import AwsAccess
from pipeline.aws.calling import calling
from pipeline.aws.errors import AwsError, explain
from pipeline.aws.objects import read_object

__all__ = ["AwsAccess", "AwsError", "calling", "explain", "read_object"]
