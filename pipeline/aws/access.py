"""Region, endpoint and credentials of one environment, and the clients made from them."""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(
    retries={"mode": "adaptive", "total_max_attempts": 8},
    connect_timeout=5,
    read_timeout=30,
    user_agent_extra="vimbiso-pipeline",
    s3={"addressing_style": "path"},
)


@dataclass(frozen=True)
class AwsAccess:
    """How to reach AWS. Without keys, boto3's own chain (role, profile, environment) decides."""

    region: str
    endpoint_url: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a new boto3 client of the service. Build it where it is used: clients are not pickled.

        ``config`` overrides single settings of the pipeline's own.
        """
        settings = _CONFIG.merge(config) if config else _CONFIG
        return self._session().client(service, endpoint_url=self.endpoint_url, config=settings)  # type: ignore[call-overload]

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
        return boto3.Session(
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            profile_name=self.profile,
        )
