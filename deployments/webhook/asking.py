"""Asks Prefect's API again soon when it is busy, instead of after the seconds of Prefect's own client.

That client asks once only, because ``vimbiso webhook`` sets PREFECT_CLIENT_MAX_RETRIES to 0.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_random_exponential

_BUSY = frozenset({429, 502, 503})
_SECONDS = 2.5

Result = TypeVar("Result")


async def asked(call: Callable[[], Awaitable[Result]]) -> Result:
    """Make a call that may be repeated; a SQLite file that is being written refuses at once, with 503.

    Raises:
        httpx.HTTPError: no good answer in two and a half seconds.
    """
    retrying = AsyncRetrying(
        retry=retry_if_exception(_passes),
        wait=wait_random_exponential(multiplier=0.02, max=0.3),
        stop=stop_after_delay(_SECONDS),
        reraise=True,
    )

    async def once() -> Result:  # tenacity awaits nothing but what is a coroutine function itself
        return await call()

    return await retrying(once)


def _passes(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in _BUSY
    return isinstance(error, httpx.TransportError)
