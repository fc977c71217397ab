"""Runs the Prefect server on its SQLite file, without two habits that cost runs seconds and minutes.

A transaction that reads before it writes is refused at once where another one has written meanwhile. The API
then answers 503, Prefect's client waits two seconds, automations lose events. Here each waits for its turn:
``BEGIN IMMEDIATE``, as Prefect itself has it in some places. Source: SQLite's documentation, "Transactions"
and SQLITE_BUSY_SNAPSHOT.

Python's garbage collector runs in whichever thread makes the next object. In the event loop's it may come
upon a cursor whose connection waits for a lock, and waits with it; who has that lock waits for the event
loop, until SQLite's patience ends after 60 s. Here the collector has a thread of its own, which may wait.
With Python 3.11 any cursor that failed is such a one; later only one that was left in the midst of its rows.
"""

import gc
import sys
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import prefect.server.api.server  # noqa: F401  # before gc.freeze(), which exempts it from collections
from prefect.cli import app
from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

_YOUNG = 1.0
"""Seconds between two collections of what is new."""
_ALL = 60
"""Every so many collections take everything: some tenths of a second in which nothing else runs."""


@asynccontextmanager
async def take_turns(
    self: AioSqliteConfiguration,  # noqa: ARG001  # a method of it
    session: AsyncSession,
    with_for_update: bool = False,  # noqa: ARG001  # any of them may write
) -> AsyncGenerator[AsyncSessionTransaction, None]:
    """Begin a transaction when no other one writes; what it calls meanwhile begins in its own way."""
    async with session.begin() as transaction:
        before = SQLITE_BEGIN_MODE.set("IMMEDIATE")
        try:
            await session.connection()
        finally:
            SQLITE_BEGIN_MODE.reset(before)
        yield transaction


def collect_garbage_aside(young: float = _YOUNG) -> None:
    """Let a thread of its own collect cyclic garbage, and no other, from now on."""
    gc.collect()
    gc.freeze()  # what was imported stays, and need not be looked at again
    gc.disable()
    threading.Thread(target=_collect, args=(young,), name="garbage", daemon=True).start()


def _collect(young: float) -> None:
    turn = 0
    while True:
        time.sleep(young)
        turn += 1
        gc.collect(1 if turn % _ALL else 2)


def main(host: str, port: int) -> None:
    """Be ``prefect server start``."""
    AioSqliteConfiguration.begin_transaction = take_turns  # type: ignore[method-assign]
    collect_garbage_aside()
    sys.argv = ["prefect", "server", "start", "--host", host, "--port", str(port)]
    app()
