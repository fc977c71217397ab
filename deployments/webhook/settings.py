"""Settings of the receiver, each from one environment variable."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployments.variables import port_in, state_folder
from pipeline.errors import PipelineError


class WebhookSettingsError(PipelineError):
    """A setting of the receiver is not usable."""


@dataclass(frozen=True)
class WebhookSettings:
    """Settings; durations in seconds."""

    port: int
    host: str
    store: Path
    """SQLite file of what was seen and reported (VIMBISO_STATE)."""
    secrets: tuple[str, ...]
    secret_file: Path | None
    rate: float
    burst: float
    max_bytes: int
    github_age: float
    plain_age: float
    events: tuple[str, ...]
    follow: float
    """Between two looks at the runs."""
    github_api: str
    github_token: str
    ui_url: str


def webhook_settings(variables: Mapping[str, str] | None = None) -> WebhookSettings:
    """Read the settings from ``variables`` (default: the process environment).

    Raises:
        WebhookSettingsError: naming the variable.
    """
    given = os.environ if variables is None else variables
    secrets = given.get("WEBHOOK_SECRETS") or given.get("WEBHOOK_SECRET") or ""
    file = given.get("WEBHOOK_SECRET_FILE")
    events = given.get("WEBHOOK_EVENTS") or "push,workflow_run"
    return WebhookSettings(
        port=port_in(given, "VIMBISO_WEBHOOK_PORT", 4201, WebhookSettingsError),
        host=given.get("WEBHOOK_HOST") or "127.0.0.1",
        store=state_folder(given) / "webhook.db",
        secrets=_list(secrets),
        secret_file=Path(file) if file else None,
        rate=_number(given, "WEBHOOK_RATE", 20),
        burst=_number(given, "WEBHOOK_BURST", 100),
        max_bytes=int(_number(given, "WEBHOOK_MAX_BYTES", 5_000_000)),
        github_age=_number(given, "WEBHOOK_GITHUB_AGE", 86_400),
        plain_age=_number(given, "WEBHOOK_PLAIN_AGE", 300),
        events=_list(events),
        follow=_number(given, "WEBHOOK_FOLLOW", 5),
        github_api=(given.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/"),
        github_token=given.get("GITHUB_TOKEN") or "",
        ui_url=(given.get("PREFECT_UI_URL") or _ui_of(given.get("PREFECT_API_URL") or "")).rstrip("/"),
    )


def _list(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _ui_of(api: str) -> str:
    """Return where Prefect's server shows its UI, beside its API."""
    return api.rstrip("/").removesuffix("/api")


def _number(given: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(given.get(name) or default)
    except ValueError as error:
        raise WebhookSettingsError(f"{name} is not a number; set it to one above 0.") from error
    if not 0 < value < 1e9:
        raise WebhookSettingsError(f"{name} is {value}; set it above 0.")
    return value
