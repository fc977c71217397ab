"""Checks of a request by who signed it: form, size, signature, and how often others may try."""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from prefect.blocks.system import Secret
from starlette.requests import ClientDisconnect

from deployments.secret_file import secret_in
from deployments.variables import SettingsError
from deployments.webhook.model import Refusal, TokenBucket, take
from deployments.webhook.reading import is_signed
from deployments.webhook.runs import with_retries
from deployments.webhook.settings import WebhookSettings
from pipeline.environment.loader import environment, environments

_KEPT = 60.0
"""Seconds that a block's value serves before it is read again: a rotation needs no restart."""


Secrets = Mapping[str, tuple[str, ...]]
"""Valid secrets by environment: one deploys nothing but its own."""


class Credentials:
    """Signing secrets by environment, and GitHub token: variables first, then file, then Secret blocks."""

    def __init__(self, settings: WebhookSettings) -> None:
        """Raises SettingsError or UnknownSourceError where the secrets that are set cannot be used."""
        self._settings = settings
        self._blocks: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._set()

    async def signing(self) -> Secrets:
        """Return the valid secrets.

        Raises:
            Refusal: 503, there is none.
            httpx.HTTPError: Prefect cannot be asked.
        """
        names = [name for name, item in environments().items() if not item.source.unset]
        found = self._set() or dict(
            zip(
                names,
                await asyncio.gather(*(self._block(f"webhook-secret-{name}") for name in names)),
                strict=True,
            )
        )
        if not any(found.values()):
            step = "Set WEBHOOK_SECRETS, or the Secret block webhook-secret-ENVIRONMENT."
            raise Refusal(503, "The receiver has no secret to check signatures with.", step, retry_after=60)
        return found

    def _set(self) -> Secrets:
        """Return what variables and files hold; no error quotes it."""
        known = environments()
        found: dict[str, tuple[str, ...]] = {}
        if file := self._settings.emulated_secret_file:
            found = {name: (secret_in(file),) for name, item in known.items() if item.emulated}
        for item in filter(None, map(str.strip, re.split(r"[,\n]", self._written()))):
            name, _, secret = item.partition("=")
            if name not in known or not secret:
                raise SettingsError(
                    "A webhook secret deploys one environment: write ENVIRONMENT=SECRET in WEBHOOK_SECRETS, "
                    "parted by commas, or in the file that WEBHOOK_SECRET_FILE names, one a line. "
                    f"The environments are: {', '.join(known)}."
                )
            environment(name)
            found[name] = (*found.get(name, ()), secret)
        return found

    def _written(self) -> str:
        file = self._settings.secret_file
        try:
            return self._settings.secrets or (file.read_text(encoding="utf-8") if file else "")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"WEBHOOK_SECRET_FILE cannot be read ({error}). Write the file.") from error

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
        block: Secret[Any] = await with_retries(lambda: Secret.aload(name))
    except ValueError:  # what Prefect raises where there is no such block
        return ()
    value = block.get()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


_CLIENTS = 10_000
"""Clients remembered at most; the one that was quiet longest is forgotten first."""


class Limiter:
    """One token bucket per client address."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def charge(self, client: str) -> None:
        """Count a request that nobody signed: whoever shares a stranger's address pays nothing for it.

        Raises:
            Refusal: 429.
        """
        bucket, wait = take(self._buckets.pop(client, None), time.monotonic(), self._rate, self._burst)
        self._buckets[client] = bucket
        if len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)
        if wait:
            raise Refusal(429, "Too many requests.", "Wait, then send it again.", retry_after=int(wait) + 1)


_TOGETHER = 64_000_000
"""Bytes of bodies that may be arriving at once."""


class BodyReader:
    """Reads bodies; all that are arriving together have a limit as well as each one."""

    def __init__(self, largest: int) -> None:
        self._largest, self._together, self._held = largest, max(_TOGETHER, largest), 0

    async def read(self, request: Request) -> bytes:
        """Return the raw body of a JSON request.

        Raises:
            Refusal: 415 for another type, 413 above the limit (without reading the rest), 408 for a part of
                a body, 503 where too much is arriving.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            step = "Choose it where the hook is set up."
            raise Refusal(415, "The content type is not application/json.", step)
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                self._held += len(chunk)
                self._demand_room(len(body))
        except ClientDisconnect as error:
            raise Refusal(408, "The request did not arrive whole.", "Send it again.") from error
        finally:
            self._held -= len(body)
        return bytes(body)

    def _demand_room(self, size: int) -> None:
        if size > self._largest:
            raise Refusal(413, f"The body exceeds {self._largest} bytes.", "Start the deployment by hand.")
        if self._held > self._together:
            raise Refusal(503, "Too much is arriving at once.", "Redeliver later.", retry_after=30)


def demand_form(request: Request, header: str) -> None:
    """Refuse a request that cannot be signed, before its body is read.

    Raises:
        Refusal: 401; 411 for one without a length.
    """
    if "transfer-encoding" in request.headers:
        raise Refusal(411, "The request does not say how long it is.", "Send a Content-Length, no chunks.")
    if not re.fullmatch(r"sha256=[0-9a-f]{64}", request.headers.get(header, "")):
        raise _unsigned(header)


def demand_signature(request: Request, body: bytes, header: str, secrets: Secrets) -> frozenset[str]:
    """Return the environments whose secret made the signature in ``header``.

    Raises:
        Refusal: 401.
    """
    given = request.headers.get(header)
    signers = frozenset([name for name, valid in secrets.items() if is_signed(body, given, valid)])
    if not signers:
        raise _unsigned(header)
    return signers


def _unsigned(header: str) -> Refusal:
    step = f"Sign the raw body with the environment's secret: {header}: sha256=HEX."
    return Refusal(401, "The signature is missing or wrong.", step)
