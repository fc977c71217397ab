"""Sends the webhook receiver signed deliveries at a steady rate and tells how long the answers took.

python tests/bench/webhook_load.py URL SECRET_FILE [--rate 200] [--seconds 30] [--pushes 0.05]

Of the deliveries a part are new pushes, as many concern another branch, the rest redeliver one push. They
start real runs: point it at a receiver and a Prefect server that were made for it. Ends with 1
where an answer was neither 200 nor 202.
"""

import argparse
import asyncio
import json
import random
import secrets
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deployments.webhook.reading import sign


@dataclass
class Tally:
    """Seconds to the answer by kind of delivery, and the statuses."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, seconds: float, status: str) -> None:
        """Count one answer."""
        self.seconds.setdefault(kind, []).append(seconds)
        self.statuses[f"{kind} {status}"] += 1


def push(clone_url: str, branch: str, commit: str) -> bytes:
    """Return a push as GitHub sends it."""
    full_name = "/".join(clone_url.removesuffix(".git").split("/")[-2:])
    repository = {"clone_url": clone_url, "full_name": full_name, "pushed_at": int(time.time())}
    return json.dumps({"ref": f"refs/heads/{branch}", "after": commit, "repository": repository}).encode()


async def deliver(
    client: httpx.AsyncClient, url: str, secret: str, body: bytes, kind: str, tally: Tally
) -> None:
    """Send one delivery under an id of its own; time counts from when it was due."""
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": secrets.token_hex(8),
        "X-Hub-Signature-256": sign(body, secret),
    }
    began = time.perf_counter()
    try:
        status = str((await client.post(url, content=body, headers=headers)).status_code)
    except httpx.HTTPError as error:
        status = type(error).__name__
    tally.add(kind, time.perf_counter() - began, status)


async def storm(options: argparse.Namespace, secret: str) -> Tally:
    """Send at the rate, whether answers come or not."""
    tally, pending = Tally(), set()
    dice = random.Random(1)  # noqa: S311 - chooses what is sent, no secret
    again = push(options.clone_url, "stage", secrets.token_hex(20))
    other = push(options.clone_url, "nobody-deploys-this", "a" * 40)
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(timeout=30, limits=limits, trust_env=False) as client:
        await deliver(client, options.url, secret, again, "first", tally)
        began = time.perf_counter()
        for number in range(int(options.rate * options.seconds)):
            await asyncio.sleep(max(0.0, began + number / options.rate - time.perf_counter()))
            kind, chance = "redelivery", dice.random()
            body = again
            if chance < options.pushes:
                kind, body = "push", push(options.clone_url, "stage", secrets.token_hex(20))
            elif chance < 2 * options.pushes:
                kind, body = "ignored", other
            task = asyncio.create_task(deliver(client, options.url, secret, body, kind, tally))
            pending.add(task)
            task.add_done_callback(pending.discard)
        sent = time.perf_counter() - began
        await asyncio.gather(*pending)
        print(f"sent {number + 1} in {sent:.1f} s ({(number + 1) / sent:.0f}/s)")  # noqa: T201 - the command's answer
    return tally


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url", help="http://HOST:PORT/webhooks/github")
    parser.add_argument("secret_file", type=Path)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument(
        "--pushes", type=float, default=0.05, help="part of the deliveries that are new pushes"
    )
    parser.add_argument("--clone-url", default="https://github.com/vimbiso/vimbiso-pay.git")
    options = parser.parse_args()
    secret = options.secret_file.read_text(encoding="utf-8").strip()
    tally = asyncio.run(storm(options, secret))
    for kind, seconds in tally.seconds.items():
        seconds.sort()
        p50, p99 = (seconds[int(len(seconds) * part)] * 1000 for part in (0.5, 0.99))
        line = f"{kind:<11} n={len(seconds):<6} p50={p50:7.1f} ms  p99={p99:7.1f} ms"
        print(f"{line}  max={seconds[-1] * 1000:.1f} ms")  # noqa: T201 - the command's answer
    print(dict(tally.statuses))  # noqa: T201 - the command's answer
    sys.exit(any(not status.endswith((" 200", " 202")) for status in tally.statuses))


if __name__ == "__main__":
    main()
