"""Deliveries as GitHub sends them."""

import json
import time
from typing import Any

from deployments.webhook.reading import sign

SECRETS = ("first-secret", "second-secret")


def push(sha: str, branch: str = "stage", age: float = 0, **more: Any) -> bytes:
    """Return a push of ten minutes ago, or ``age`` seconds before: no push counts as later than now."""
    url = "https://github.com/acme/pay.git"
    repository = {"clone_url": url, "full_name": "acme/pay", "pushed_at": int(time.time() - 600 - age)}
    document = {"ref": f"refs/heads/{branch}", "after": sha, "repository": repository, **more}
    return json.dumps(document).encode()


def steady_load(age: float) -> list[tuple[bytes, str]]:
    """Return 800 deliveries, one in twenty a new push, to two environments in turn.

    They are pushed a second after each other, the first a second after what is as old as ``age``; their
    commits count from 1000 to 1039.
    """
    again, branches = push("9" * 40, "prod", age=age), ("stage", "prod")
    deliveries = [(again, f"steady-{number}") for number in range(800)]
    for number in range(40):
        body = push(f"{1000 + number:040x}", branches[number % 2], age=age - 1 - number)
        deliveries[number * 20] = (body, f"new-{number}")
    return deliveries


def signed(body: bytes, delivery: str, secret: str = SECRETS[0]) -> dict[str, str]:
    """Return the headers of a delivery."""
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": sign(body, secret),
    }
