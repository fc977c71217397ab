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
    secrets: str

    def secret_values(self) -> Mapping[str, str]:
        """Return the application's secret values by key."""
        values: Mapping[str, str] = self._read("app-secrets", self.secrets).data["values"]
        return values

    def switch_trial(self, on: bool) -> None:
        """Switch the trial of new releases on or off."""
        block = self._read("deploy-environment", self.environment)
        settings: dict[str, Any] = block.data["settings"] | {"trial": on}
        update = BlockDocumentUpdate(data={"settings": settings}, merge_existing_data=True)
        self.client.update_block_document(block.id, update)

    def _read(self, kind: str, name: str) -> BlockDocument:
        return self.client.read_block_document_by_name(name, kind, include_secrets=True)
