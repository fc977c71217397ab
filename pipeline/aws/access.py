"""Region, endpoint and credentials of one environment, its clients, and whose account they open."""

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from pipeline.aws.errors import AwsError, calling, explain

if TYPE_CHECKING:  # the types are installed for development only
    from mypy_boto3_acm import ACMClient
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_efs import EFSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(
    retries={"mode": "adaptive", "total_max_attempts": 8},
    connect_timeout=5,
    read_timeout=30,
    user_agent_extra="vimbiso-pipeline",
)
_sessions: dict["AwsAccess", boto3.Session] = {}
"""One for each access: another one reads botocore's data on regions and endpoints again, 0.1 s a client."""
_clients: dict[tuple["AwsAccess", str], Any] = {}
_making = threading.Lock()
"""Held while a session is used: threads may share clients, but not sessions."""


@dataclass(frozen=True)
class AwsAccess:
    """Access to AWS. Without keys, boto3's own chain (role, profile, environment) decides."""

    region: str
    endpoint_url: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None

    @overload
    def client(self, service: Literal["acm"]) -> "ACMClient": ...
    @overload
    def client(self, service: Literal["application-autoscaling"]) -> "ApplicationAutoScalingClient": ...
    @overload
    def client(self, service: Literal["cloudwatch"]) -> "CloudWatchClient": ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> "DynamoDBClient": ...
    @overload
    def client(self, service: Literal["ec2"]) -> "EC2Client": ...
    @overload
    def client(self, service: Literal["ecr"]) -> "ECRClient": ...
    @overload
    def client(self, service: Literal["ecs"]) -> "ECSClient": ...
    @overload
    def client(self, service: Literal["efs"]) -> "EFSClient": ...
    @overload
    def client(self, service: Literal["elbv2"]) -> "ElasticLoadBalancingv2Client": ...
    @overload
    def client(self, service: Literal["iam"]) -> "IAMClient": ...
    @overload
    def client(self, service: Literal["kms"]) -> "KMSClient": ...
    @overload
    def client(self, service: Literal["logs"]) -> "CloudWatchLogsClient": ...
    @overload
    def client(self, service: Literal["route53"]) -> "Route53Client": ...
    @overload
    def client(self, service: Literal["s3"], config: Config | None = None) -> "S3Client": ...
    @overload
    def client(self, service: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
    @overload
    def client(self, service: Literal["sns"]) -> "SNSClient": ...
    @overload
    def client(self, service: Literal["ssm"]) -> "SSMClient": ...
    @overload
    def client(self, service: Literal["sts"]) -> "STSClient": ...
    @overload
    def client(
        self, service: Literal["cloudtrail", "elasticache", "service-quotas"]
    ) -> Any: ...  # asked by the doctor alone, and not worth their types
    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a boto3 client of the service; the same one for the same access, as making one is slow.

        Clients may be shared by threads, but not pickled: ask for them where they are used. ``config``
        overrides single settings of the pipeline's own.
        """
        with _making:
            if config is not None:
                return self._new_client(service, config)
            if (self, service) not in _clients:
                _clients[self, service] = self._new_client(service)
            return _clients[self, service]

    def _new_client(self, service: str, config: Config | None = None) -> Any:
        """Make a client; an unknown profile is told with the next step."""
        # An emulator has no host name per bucket; AWS wants one.
        style = Config(s3={"addressing_style": "path" if self.endpoint_url else "virtual"})
        settings = _CONFIG.merge(style)
        try:
            return self._session().client(  # type: ignore[call-overload]
                service, endpoint_url=self.endpoint_url, config=settings.merge(config) if config else settings
            )
        except BotoCoreError as error:
            raise explain(f"Preparing calls to {service}", error) from error

    def process_environment(self) -> dict[str, str]:
        """Environment variables that give a child process (Terraform) the same access.

        They are private to the child: unlike arguments they are not in the process list.
        """
        values = {
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
            "AWS_PROFILE": self.profile,
        }
        return {name: value for name, value in values.items() if value}

    def _session(self) -> boto3.Session:
        if self not in _sessions:
            _sessions[self] = boto3.Session(
                region_name=self.region,
                aws_access_key_id=self.access_key_id,
                aws_secret_access_key=self.secret_access_key,
                aws_session_token=self.session_token,
                profile_name=self.profile,
            )
        return _sessions[self]


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


@dataclass(frozen=True)
class Identity:
    """Answer of GetCallerIdentity."""

    account_id: str
    arn: str


def identify(access: AwsAccess) -> Identity:
    """Ask AWS who we are; expired and invalid credentials show here first.

    Raises:
        AwsError: naming what to fix.
    """
    with calling("Asking AWS who the credentials belong to"):
        answer = access.client("sts").get_caller_identity()
    return Identity(answer["Account"], answer["Arn"])


def require_account(identity: Identity, expected: str | None, *, emulated: bool = False) -> None:
    """Refuse credentials of another account than the environment's; on AWS itself it must be known.

    Raises:
        AwsError: naming the accounts.
    """
    if expected is None and not emulated:
        raise AwsError(
            "This environment has no account_id, so that keys of a wrong account would change that one. "
            f"These keys belong to {identity.account_id} ({identity.arn}). If that is right, set account_id "
            f'= "{identity.account_id}" in environments.toml and register again.'
        )
    if expected is not None and identity.account_id != expected:
        raise AwsError(
            f"The credentials belong to account {identity.account_id} ({identity.arn}), but this environment "
            f"is in {expected}. Put the right keys into its aws-credentials block."
        )
