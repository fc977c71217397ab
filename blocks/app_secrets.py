"""The application's secret values, on their way to Secrets Manager."""

from typing import Annotated

from prefect.blocks.core import Block
from prefect.types import SecretDict
from pydantic import Field, SecretStr


class AppSecrets(Block):
    """Secret values of the application in one environment; sync-secrets writes them to Secrets Manager."""

    _block_type_name = "App Secrets"
    _block_type_slug = "app-secrets"

    values: Annotated[SecretDict, Field(description="Value of each key that the application reads, by name.")]

    def concealed(self) -> dict[str, SecretStr]:
        """Return the values by key; they show themselves only when asked to."""
        return {key: SecretStr(str(value)) for key, value in self.values.get_secret_value().items()}
