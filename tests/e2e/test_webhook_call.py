"""A signed call, the receiver, a worker and the pipeline: all of it real."""

import json
import secrets
import time
from uuid import UUID

import httpx
import pytest
from support.house import House

from deployments.webhook.reading import sign

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]


def test_a_signed_call_deploys(house: House) -> None:
    """The stack's own receiver starts deploy-application, which ends well; the nonce serves once."""
    settings = house.stack.settings
    secret = (settings.state / "webhook-secret").read_text(encoding="utf-8").strip()
    call = {"environment": "local", "timestamp": time.time(), "nonce": secrets.token_hex(16)}
    body = json.dumps(call).encode()
    headers = {"Content-Type": "application/json", "X-Signature-256": sign(body, secret)}
    url = f"http://127.0.0.1:{settings.webhook_port}/webhooks/deploy"
    answer = httpx.post(url, content=body, headers=headers, timeout=20, trust_env=False)
    assert answer.status_code == 202, answer.text
    ended = house.end(UUID(answer.json()["runs"][0]["flow_run_id"]))
    assert ended.state_name == "Completed", ended.state
    assert httpx.post(url, content=body, headers=headers, trust_env=False).status_code == 409
