"""The webhook receiver: how soon it answers, how much it takes, and how soon a run is there."""

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import time
from uuid import UUID

import httpx
from bench.figures import Report, Series
from bench.webhook_load import Tally, storm
from bench.workshop import SOURCE, STAGING_SECRET, Workshop
from support.house import House

from deployments.webhook.reading import sign

_RATE = 200
_PUSHES = 0.02


def webhook(shop: Workshop) -> Report:
    """Deliver pushes to staging, whose work nobody takes; then start runs of the local environment."""
    house = shop.house
    shop.say("a call that is answered with a run, until the run is RUNNING")
    running = [_until_running(house) for _ in range(min(shop.sizes.times, 2))]
    _register_staging(house)
    shop.say("a storm of deliveries")
    tally, spent = _storm(house, shop.sizes.storm_seconds, _RATE)
    flood, flooded = _storm(house, shop.sizes.storm_seconds / 4, 5 * _RATE)
    answered = sum(len(times) for times in flood.seconds.values())
    wrong = [status for status in (tally.statuses + flood.statuses) if not status.endswith((" 200", " 202"))]
    return Report(
        name="webhook",
        title="Webhook receiver",
        groups=(
            (Series("from the call to RUNNING", "s", tuple(running)),),
            *((_latency(kind, times),) for kind, times in sorted(tally.seconds.items()) if kind != "first"),
            (Series("answers a second, when more come than it can take", "/s", (answered / flooded,)),),
        ),
        remarks=(
            f"At {_RATE} signed deliveries a second, the last of them answered after {spent:.1f} s.",
            "2 % are new pushes, 2 % of another branch, the rest one push again.",
            "Receiver, Prefect server and sender share the machine.",
            f"Answers other than 200 and 202: {', '.join(wrong) or 'none'}.",
        ),
    )


def _latency(kind: str, seconds: list[float]) -> Series:
    return Series(f"answer to a {kind}", "ms", tuple(one * 1000 for one in seconds))


def _storm(house: House, seconds: float, rate: float) -> tuple[Tally, float]:
    port = house.stack.settings.webhook_port
    options = argparse.Namespace(
        url=f"http://127.0.0.1:{port}/webhooks/github",
        rate=rate,
        seconds=seconds,
        pushes=_PUSHES,
        clone_url=SOURCE,
    )
    began = time.monotonic()
    tally = asyncio.run(storm(options, STAGING_SECRET))
    return tally, time.monotonic() - began


def _secret(house: House) -> str:
    return (house.stack.settings.state / "webhook-secret").read_text(encoding="utf-8").strip()


def _register_staging(house: House) -> None:
    command = [sys.executable, "-m", "deployments", "register", "staging"]
    subprocess.run(command, env=dict(house.stack.variables), capture_output=True, check=True, timeout=200)


def _until_running(house: House) -> float:
    """Call the receiver; return the seconds until the run that it starts is RUNNING."""
    call = {"environment": "local", "timestamp": time.time(), "nonce": secrets.token_hex(16)}
    body = json.dumps(call).encode()
    headers = {"Content-Type": "application/json", "X-Signature-256": sign(body, _secret(house))}
    url = f"http://127.0.0.1:{house.stack.settings.webhook_port}/webhooks/deploy"
    began = time.time()
    answer = httpx.post(url, content=body, headers=headers, timeout=20, trust_env=False)
    answer.raise_for_status()
    ended = house.end(UUID(answer.json()["runs"][0]["flow_run_id"]))
    assert ended.start_time is not None
    return ended.start_time.timestamp() - began
