"""Authorisation to push to a registry."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.image.errors import RegistryError


@dataclass(frozen=True)
class Login:
    """User name and password of a registry; ECR's are valid for 12 hours."""

    username: str
    password: str = field(repr=False)


LoginProvider = Callable[[], Login]
"""Returns a login that is valid now; called before every attempt."""


def ecr_login(access: AwsAccess) -> Login:
    """Ask ECR for a login (GetAuthorizationToken).

    Raises:
        AwsError: the call failed.
        RegistryError: the answer holds no token.
    """
    with calling("Asking ECR for a login"):
        answer = access.client("ecr").get_authorization_token()
    tokens = [item.get("authorizationToken", "") for item in answer.get("authorizationData", [])]
    username, colon, password = base64.b64decode(tokens[0] if tokens else "").decode().partition(":")
    if not colon:
        raise RegistryError("ECR gave no login. Run again; if it stays so, look at the account's ECR access.")
    return Login(username, password)
