"""From a checked body to runs: the two kinds of call."""

import asyncio
import hashlib
import json
import sqlite3
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from prefect.exceptions import ObjectNotFound

from deployments.webhook.github import decide
from deployments.webhook.model import Deploy, Ignore, Refusal
from deployments.webhook.observed import Metrics, log
from deployments.webhook.queues import DeliveryQueues, StartedRun
from deployments.webhook.reading import parse_generic, read_object
from deployments.webhook.settings import WebhookSettings
from pipeline.environment.loader import environments
from pipeline.environment.model import Environment

_TABLES = """
CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, at REAL NOT NULL, answer TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS reported (run TEXT PRIMARY KEY, deployment INTEGER NOT NULL, state TEXT NOT NULL);
"""


_REPORTED = 5000
"""Writes of reports that are kept; a run takes a handful, and the reporter looks at 200 runs."""


class DeliveryStore:
    """A small SQLite file, used by one process; a damaged one is set aside, as Prefect's keys still hold."""

    def __init__(self, path: Path, keep: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._keep = keep
        try:
            self._database = _opened(path)
        except sqlite3.OperationalError:  # no permission, no disk, in use: not the file's fault
            raise
        except sqlite3.DatabaseError as error:
            aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
            for ending in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    Path(f"{path}{ending}").rename(f"{aside}{ending}")
            log("store-damaged", error=str(error), kept=str(aside))
            self._database = _opened(path)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def seen(self, key: str) -> Any:
        """Return the answer that the delivery got; None for a new one."""
        row = self._database.execute("SELECT answer FROM seen WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def claim(self, key: str, now: float) -> bool:
        """Take a nonce; False where it was taken before."""
        self._database.execute("DELETE FROM seen WHERE at < ?", (now - self._keep,))
        added = self._database.execute(
            "INSERT OR IGNORE INTO seen (key, at, answer) VALUES (?, ?, '{}')", (key, now)
        )
        return added.rowcount == 1

    def release(self, key: str) -> None:
        """Give a nonce back whose request failed through no fault of the caller."""
        self._database.execute("DELETE FROM seen WHERE key = ?", (key,))

    def remember(self, key: str, now: float, answer: Any) -> None:
        """Keep the answer for a redelivery, and forget what no redelivery can ask for any more."""
        self._database.execute("DELETE FROM seen WHERE at < ?", (now - self._keep,))
        self._database.execute(
            "INSERT OR REPLACE INTO seen (key, at, answer) VALUES (?, ?, ?)", (key, now, json.dumps(answer))
        )

    def reported(self, run: str) -> tuple[int, str] | None:
        """Return GitHub's deployment id and the state last reported for a run."""
        return self._database.execute(  # type: ignore[no-any-return]
            "SELECT deployment, state FROM reported WHERE run = ?", (run,)
        ).fetchone()

    def report(self, run: str, deployment: int, state: str) -> None:
        """Keep what was reported, of the runs that were reported last."""
        self._database.execute(
            "INSERT OR REPLACE INTO reported (run, deployment, state) VALUES (?, ?, ?)",
            (run, deployment, state),
        )
        self._database.execute(
            "DELETE FROM reported WHERE rowid <= (SELECT max(rowid) FROM reported) - ?", (_REPORTED,)
        )


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.executescript(_TABLES)
        (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except sqlite3.Error:
        database.close()
        raise
    return database


_PATIENCE = 8.0
"""Seconds for Prefect; GitHub gives a delivery up after ten."""

Answer = tuple[int, dict[str, Any]]


class DeliveryHandler:
    """Handles deliveries whose signature has been checked."""

    def __init__(
        self, settings: WebhookSettings, store: DeliveryStore, metrics: Metrics, queues: DeliveryQueues
    ) -> None:
        self._settings, self._store, self._metrics, self._queues = settings, store, metrics, queues
        self._starting: dict[str, asyncio.Task[list[dict[str, str]]]] = {}

    async def github(
        self, body: bytes, signers: Collection[str], event: str | None, delivery: str | None
    ) -> Answer:
        """Handle a GitHub delivery; return status and JSON.

        Raises:
            Refusal: as the decision says; 409 for a delivery id with two bodies; 503 without Prefect.
        """
        if not event or not delivery or len(delivery) > 100:
            raise Refusal(400, "X-GitHub-Event or X-GitHub-Delivery is missing.", "Send GitHub's headers.")
        head = f"{event}\0{' '.join(sorted(signers))}\0"
        digest = hashlib.sha256(head.encode() + body).hexdigest()
        if (earlier := self._earlier(delivery, digest)) is not None:
            return 200, {"ignored": "this delivery was handled already", "runs": earlier}
        document, known = read_object(body), list(_deployed_by(signers).values())
        decision = decide(
            event, document, known, time.time(), self._settings.github_age, self._settings.events
        )
        if isinstance(decision, Ignore):
            return 200, {"ignored": decision.reason}
        started = await self._start_together(digest, decision)
        answer = {"digest": digest, "runs": started}
        for key in (f"delivery {delivery}", f"body {digest}"):
            self._store.remember(key, time.time(), answer)
        return 202, {"runs": started}

    async def plain(self, body: bytes, signers: Collection[str]) -> Answer:
        """Handle a plain call; return status and JSON.

        Raises:
            Refusal: as the check says; 409 for a nonce used before; 503 without Prefect.
        """
        known = _deployed_by(signers)
        call = parse_generic(read_object(body), known, time.time(), self._settings.plain_age)
        key = f"nonce {call.nonce}"
        if not self._store.claim(key, time.time()):
            raise Refusal(409, "The nonce was used before.", "Sign a new call with a new nonce.")
        try:
            return 202, {"runs": await self._start([call.deploy])}
        except Refusal:
            self._store.release(key)
            raise

    async def _start_together(self, digest: str, deploys: Sequence[Deploy]) -> list[dict[str, str]]:
        """Redeliveries that come while the first is under way wait for its answer; Prefect is asked once."""
        task = self._starting.get(digest)
        if task is None:
            task = self._starting[digest] = asyncio.create_task(self._start(deploys))
            task.add_done_callback(lambda _: self._starting.pop(digest))
        return await asyncio.shield(task)

    def _earlier(self, delivery: str, digest: str) -> Any:
        """The id is not signed: the body decides as well, so that a new id does not make a replay new."""
        answer = self._store.seen(f"delivery {delivery}")
        if answer and answer["digest"] != digest:
            raise Refusal(409, "The delivery id came with another body before.", "Send it under its own id.")
        answer = answer or self._store.seen(f"body {digest}")
        return answer["runs"] if answer else None

    async def _start(self, deploys: Sequence[Deploy]) -> list[dict[str, str]]:
        return [await self._start_one(deploy) for deploy in deploys]

    async def _start_one(self, deploy: Deploy) -> dict[str, str]:
        """A commit that a newer one replaced has no run under its key: only the store knows its answer."""
        key = f"key {deploy.key}"
        if known := self._store.seen(key):
            return dict(known)
        served = await self._in_time(deploy)
        entry = self._entry(deploy, served)
        self._store.remember(key, time.time(), entry)
        return entry

    def _entry(self, deploy: Deploy, served: StartedRun) -> dict[str, str]:
        replaced = served.deploy.key != deploy.key
        self._metrics.started.labels(deploy.environment).inc()
        self._metrics.coalesced.labels(deploy.environment).inc(replaced)
        log("deployment", environment=deploy.environment, commit=deploy.commit, flow_run=served.run)
        entry = {
            "environment": deploy.environment,
            "commit": deploy.commit,
            "flow_run_id": served.run,
            "flow_run_url": f"{self._settings.ui_url}/runs/flow-run/{served.run}",
        }
        return {**entry, "replaced_by": served.deploy.commit} if replaced else entry

    async def _in_time(self, deploy: Deploy) -> StartedRun:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._queues.serve(deploy)
        except ObjectNotFound as error:
            name = f"deploy-application/{deploy.environment}"
            raise Refusal(
                503, f"Prefect has no deployment {name}.", "Register it, then redeliver.", 60
            ) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise unreachable() from error


def _deployed_by(signers: Collection[str]) -> dict[str, Environment]:
    return {name: item for name, item in environments().items() if name in signers}


def unreachable() -> Refusal:
    """Return the refusal when Prefect does not answer."""
    return Refusal(503, "Prefect's API does not answer.", "Redeliver when it is back.", retry_after=30)
