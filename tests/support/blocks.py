"""Reads and edits the pipeline's blocks, as a person does in the UI."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.client.schemas.objects import BlockDocument


@dataclass(frozen=True)
class Blocks:
    """The blocks of one environment."""

    client: SyncPrefectClient
    environment: str
    secrets_name: str

    def secret_values(self) -> Mapping[str, str]:
        """Return the application's secret values by key."""
        values: Mapping[str, str] = self._read("app-secrets", self.secrets_name).data["values"]
        return values

    def enter_secret(self, key: str, value: str) -> None:
        """Enter another value for one of the application's secret keys."""
        self._change("app-secrets", self.secrets_name, values={**self.secret_values(), key: value})

    def switch_smoke_test(self, on: bool) -> None:
        """Switch the smoke test of new releases on or off."""
        self.change_settings(smoke_test=on)

    def switch_endpoint(self, url: str) -> None:
        """Let the flows ask another address for AWS; tasks keep theirs."""
        self.change_settings(aws_endpoint_url=url)

    def switch_approval(self, policy: str) -> None:
        """Say whether changes of the infrastructure wait for a person."""
        self.change_settings(approval=policy)

    def set_variable(self, name: str, value: str) -> None:
        """Give the application's container a variable; the next change of the infrastructure brings it."""
        self.change_settings(variables={**self.settings()["variables"], name: value})

    def settings(self) -> Mapping[str, Any]:
        """Return the environment's settings."""
        settings: Mapping[str, Any] = self._read("deploy-environment", self.environment).data["settings"]
        return settings

    def change_settings(self, **values: Any) -> None:
        """Change some of the environment's settings."""
        # An update forgets the blocks inside the block unless they are named again.
        credentials = {"$ref": {"block_document_id": str(self._credentials().id)}}
        self._change(
            "deploy-environment",
            self.environment,
            settings={**self.settings(), **values},
            aws_credentials=credentials,
        )

    def aws_secret_key(self) -> str:
        """Return the secret key with which the flows reach AWS."""
        return str(self._credentials().data["aws_secret_access_key"])

    def enter_aws_key(self, key_id: str, secret_key: str) -> None:
        """Let the flows reach AWS with this key."""
        block = f"aws-{self.environment}"
        self._change("aws-credentials", block, aws_access_key_id=key_id, aws_secret_access_key=secret_key)

    def _credentials(self) -> BlockDocument:
        return self._read("aws-credentials", f"aws-{self.environment}")

    def _change(self, kind: str, name: str, **values: Any) -> None:
        update = BlockDocumentUpdate(data=values, merge_existing_data=True)
        self.client.update_block_document(self._read(kind, name).id, update)

    def _read(self, kind: str, name: str) -> BlockDocument:
        return self.client.read_block_document_by_name(name, kind, include_secrets=True)
