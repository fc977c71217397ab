"""Reads SSM parameters."""

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling


def read_parameter(access: AwsAccess, name: str) -> str | None:
    """Return the value of a parameter, or None where it does not exist.

    Raises:
        AwsError: AWS refuses or cannot be reached.
    """
    ssm = access.client("ssm")
    with calling(f"Reading SSM parameter {name}"):
        try:
            return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            return None
