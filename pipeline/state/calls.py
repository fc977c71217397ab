"""Reads the code out of an error of AWS."""

from botocore.exceptions import ClientError


def code_of(error: ClientError) -> str:
    """Return AWS's error code, such as NoSuchKey."""
    return str(error.response.get("Error", {}).get("Code", ""))
