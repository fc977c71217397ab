"""Where the receiver's secrets come from; they are never logged."""

import time
from typing import Any

from prefect.blocks.system import Secret

from deployments.secret_file import secret_in
from deployments.webhook.asking import asked
from deployments.webhook.settings import WebhookSettings
from pipeline.webhook.model import Refusal

_KEPT = 60.0
"""Seconds that a block's value serves before it is read again: a rotation needs no restart."""


class Credentials:
    """Signing secrets and GitHub token: environment first, then file, then Secret block."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._blocks: dict[str, tuple[float, tuple[str, ...]]] = {}

    async def signing(self) -> tuple[str, ...]:
        """Return the valid secrets.

        Raises:
            Refusal: 503, there is none.
            httpx.HTTPError: Prefect cannot be asked.
        """
        file = self._settings.secret_file
        found = self._settings.secrets or (
            (secret_in(file),) if file else await self._block("webhook-secret")
        )
        if not found:
            step = "Set WEBHOOK_SECRET or the Secret block webhook-secret."
            raise Refusal(503, "The receiver has no secret to check signatures with.", step, retry_after=60)
        return found

    async def github(self) -> str:
        """Return the token for GitHub; empty where none is set."""
        return self._settings.github_token or next(iter(await self._block("github-token")), "")

    async def _block(self, name: str) -> tuple[str, ...]:
        read, values = self._blocks.get(name, (-_KEPT, ()))
        if time.monotonic() - read < _KEPT:
            return values
        values = await _load(name)
        self._blocks[name] = (time.monotonic(), values)
        return values


async def _load(name: str) -> tuple[str, ...]:
    try:
        block: Secret[Any] = await asked(lambda: Secret.aload(name))
    except ValueError:  # what Prefect raises where there is no such block
        return ()
    value = block.get()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
