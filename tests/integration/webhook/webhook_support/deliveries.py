"""Deliveries as GitHub sends them."""

import json
import time
from typing import Any

from pipeline.webhook import sign

SECRETS = ("first-secret", "second-secret")


def push(sha: str, branch: str = "stage", age: float = 0, **more: Any) -> bytes:
    """Return a push."""
    url = "https://github.com/acme/pay.git"
    repository = {"clone_url": url, "full_name": "acme/pay", "pushed_at": int(time.time() - age)}
    document = {"ref": f"refs/heads/{branch}", "after": sha, "repository": repository, **more}
    return json.dumps(document).encode()


def signed(body: bytes, delivery: str, secret: str = SECRETS[0]) -> dict[str, str]:
    """Return the headers of a delivery."""
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": sign(body, secret),
    }
