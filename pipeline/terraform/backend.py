"""Location of an environment's state, as configuration of Terraform's S3 backend."""

from dataclasses import dataclass

from pipeline.environment.model import Environment


@dataclass(frozen=True)
class BackendConfig:
    """Settings of https://developer.hashicorp.com/terraform/language/backend/s3; no secrets among them."""

    bucket: str
    key: str
    region: str
    lock_table: str
    use_path_style: bool = False
    """For an emulator, which has no host name per bucket."""

    @property
    def lock_id(self) -> str:
        """Key of the lock in the table; its digest is kept under ``<lock_id>-md5``."""
        return f"{self.bucket}/{self.key}"

    def arguments(self) -> dict[str, str]:
        """Return the ``-backend-config`` arguments of ``terraform init``."""
        return {
            "bucket": self.bucket,
            "key": self.key,
            "region": self.region,
            "dynamodb_table": self.lock_table,
            "encrypt": "true",
            "use_path_style": str(self.use_path_style).lower(),
        }


def backend_config(environment: Environment) -> BackendConfig:
    """Return the state's place for the environment."""
    return BackendConfig(
        bucket=environment.state_bucket,
        key=f"{environment.stage}/terraform.tfstate",
        region=environment.region,
        lock_table=environment.lock_table,
        use_path_style=environment.emulated,
    )
