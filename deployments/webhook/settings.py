"""Settings of the receiver, each from one environment variable."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, PositiveInt
from pydantic_settings import NoDecode, SettingsConfigDict

from deployments.variables import STATE, Port, StateFolder, Variables


def _items(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in value.split(",") if item.strip())


Positive = Annotated[float, Field(gt=0, lt=1e9)]
Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_items)]
Address = Annotated[str, AfterValidator(lambda url: url.rstrip("/"))]


class WebhookSettings(Variables):
    """Settings, such as WEBHOOK_RATE; durations in seconds."""

    model_config = SettingsConfigDict(env_prefix="WEBHOOK_")

    port: Port = Field(4201, validation_alias="VIMBISO_WEBHOOK_PORT")
    host: str = "127.0.0.1"
    state: StateFolder = Field(STATE, validation_alias="VIMBISO_STATE")
    secrets: str = Field("", repr=False, validation_alias=AliasChoices("WEBHOOK_SECRETS", "WEBHOOK_SECRET"))
    """``ENVIRONMENT=SECRET``, parted by commas; in the file, by lines."""
    secret_file: Path | None = None
    emulated_secret_file: Path | None = None
    """The local stack's own: file with one secret for whatever an emulator serves."""
    rate: Positive = 20
    burst: Positive = 100
    max_bytes: PositiveInt = 5_000_000
    github_age: Positive = 86_400
    plain_age: Positive = 300
    events: Listed = ("push", "workflow_run")
    follow: Positive = 5
    """Between two looks at the runs."""
    github_api: Address = Field("https://api.github.com", validation_alias="GITHUB_API_URL")
    github_token: str = Field("", validation_alias="GITHUB_TOKEN")
    prefect_api: Address = Field("", validation_alias="PREFECT_API_URL")
    prefect_ui: Address = Field("", validation_alias="PREFECT_UI_URL")

    @property
    def store(self) -> Path:
        """SQLite file of what was seen and reported."""
        return self.state / "webhook.db"

    @property
    def ui_url(self) -> str:
        """Address of Prefect's UI: beside its API, unless it is named."""
        return self.prefect_ui or self.prefect_api.removesuffix("/api")
