"""Who the credentials belong to."""

from dataclasses import dataclass

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling


@dataclass(frozen=True)
class Identity:
    """Answer of GetCallerIdentity."""

    account_id: str
    arn: str


def identify(access: AwsAccess) -> Identity:
    """Ask AWS who we are; expired and invalid credentials show here first.

    Raises:
        AwsError: naming what to mend.
    """
    with calling("Asking AWS who the credentials belong to"):
        answer = access.client("sts").get_caller_identity()
    return Identity(answer["Account"], answer["Arn"])


def require_account(identity: Identity, expected: str | None) -> None:
    """Refuse credentials of another account than the environment's (None: not known, not checked).

    Raises:
        AwsError: naming both accounts.
    """
    if expected is not None and identity.account_id != expected:
        raise AwsError(
            f"The credentials belong to account {identity.account_id} ({identity.arn}), but this environment "
            f"is in {expected}. Put the right keys into its aws-credentials block."
        )
