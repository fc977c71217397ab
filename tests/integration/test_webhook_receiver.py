"""The receiver as a process, before a real Prefect server."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest

from deployments.webhook.credentials import secret_of
from pipeline.environment import PROJECT
from pipeline.webhook import sign

PREFECT, RECEIVER, GITHUB = 4695, 4696, 4697
SECRETS = ("first-secret", "second-secret")
API = f"http://127.0.0.1:{PREFECT}/api"
HOOKS = f"http://127.0.0.1:{RECEIVER}"
PUSH = f"{HOOKS}/webhooks/github"


class GitHub(BaseHTTPRequestHandler):
    """Takes deployments and statuses as GitHub does."""

    calls: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        """Answer as GitHub does when something was made."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.calls.append((self.path, body))
        answer = b'{"id": 7}'
        self.send_response(201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def until(true: Callable[[], bool], seconds: float = 90) -> None:
    """Poll until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether something serves there."""
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


class World:
    """A Prefect server and a receiver that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "GITHUB_", "WEBHOOK_"))}
        self.variables = {
            **kept,
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": API,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_UI_URL": "http://prefect.test",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "VIMBISO_STATE": str(folder),
            "VIMBISO_WEBHOOK_PORT": str(RECEIVER),
            "VIMBISO_SOURCE": "https://github.com/acme/pay.git",
            "WEBHOOK_SECRETS": ",".join(SECRETS),
            "WEBHOOK_RATE": "100000",
            "WEBHOOK_BURST": "100000",
            "WEBHOOK_MAX_BYTES": "20000",
            "WEBHOOK_FOLLOW": "0.5",
            "GITHUB_TOKEN": "made-up-token",
            "GITHUB_API_URL": f"http://127.0.0.1:{GITHUB}",
        }
        self.server: subprocess.Popen[bytes] | None = None
        self.receiver: subprocess.Popen[bytes] | None = None

    def start_server(self) -> None:
        """Serve Prefect's API."""
        words = ("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(PREFECT))
        self.server = self._run(*words)
        until(lambda: answers(f"{API}/health"))

    def start_receiver(self) -> None:
        """Serve the hooks."""
        self.receiver = self._run("deployments.webhook")
        until(lambda: answers(f"{HOOKS}/health"))

    def start_worker(self, pool: str) -> subprocess.Popen[bytes]:
        """Execute what is started on a work pool."""
        return self._run("prefect", "worker", "start", "--pool", pool)

    def stop(self, process: subprocess.Popen[bytes] | None) -> None:
        """End a process."""
        if process is not None:
            process.terminate()
            process.wait(20)

    def _run(self, *module: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{module[0]}.log").open("ab") as out:
            command = [sys.executable, "-m", *module]
            return subprocess.Popen(command, env=self.variables, stdout=out, stderr=out)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything started, with stand-in deployments and a GitHub."""
    made = World(tmp_path_factory.mktemp("webhook"))
    github = ThreadingHTTPServer(("127.0.0.1", GITHUB), GitHub)
    Thread(target=github.serve_forever, daemon=True).start()
    try:
        made.start_server()
        flow = _flow()
        for name in ("local", "staging", "production"):
            body = {"name": name, "flow_id": flow, "parameters": {"environment": name}, "tags": [name]}
            until(lambda body=body: httpx.post(f"{API}/deployments/", json=body, timeout=20).is_success)  # type: ignore[misc]
        made.start_receiver()
        yield made
    finally:
        made.stop(made.receiver)
        made.stop(made.server)
        github.shutdown()


def push(sha: str, branch: str = "stage", age: float = 0, **more: Any) -> bytes:
    """Return a push as GitHub sends it."""
    url = "https://github.com/acme/pay.git"
    repository = {"clone_url": url, "full_name": "acme/pay", "pushed_at": int(time.time() - age)}
    return json.dumps(
        {"ref": f"refs/heads/{branch}", "after": sha, "repository": repository, **more}
    ).encode()


def deliver(body: bytes, delivery: str, secret: str = SECRETS[0], **headers: str) -> httpx.Response:
    """Send a signed delivery."""
    own = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": sign(body, secret),
    }
    return httpx.post(PUSH, content=body, headers={**own, **headers}, timeout=20)


def plain(secret: str = SECRETS[0], **fields: Any) -> httpx.Response:
    """Send a plain signed call."""
    body = json.dumps({"timestamp": time.time(), **fields}).encode()
    headers = {"Content-Type": "application/json", "X-Signature-256": sign(body, secret)}
    return httpx.post(f"{HOOKS}/webhooks/deploy", content=body, headers=headers, timeout=20)


def runs() -> list[dict[str, Any]]:
    """Return all flow runs of the server."""
    found: list[dict[str, Any]] = httpx.post(f"{API}/flow_runs/filter", json={}).json()
    return found


def _flow() -> str:
    return str(httpx.post(f"{API}/flows/", json={"name": "deploy-application"}).json()["id"])


def run_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the one run that an answer names."""
    (entry,) = answer.json()["runs"]
    found: dict[str, Any] = httpx.get(f"{API}/flow_runs/{entry['flow_run_id']}").json()
    return found


def test_a_signed_push_starts_the_deployment_of_its_branch(world: World) -> None:
    """Branch prod leads to production, at the pushed commit, with the run's address in the answer."""
    answer = deliver(push("a" * 40, "prod"), "one")
    assert answer.status_code == 202, answer.text
    run = run_of(answer)
    assert run["parameters"] == {"environment": "production", "ref": "a" * 40}
    assert set(run["tags"]) == {"production", "webhook"}
    assert answer.json()["runs"][0]["flow_run_url"] == f"http://prefect.test/runs/flow-run/{run['id']}"


def test_both_secrets_of_a_rotation_serve(world: World) -> None:
    """The second secret signs as well as the first."""
    assert deliver(push("b" * 40, "feature"), "two", SECRETS[1]).status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (push("c" * 40), {"X-Hub-Signature-256": "sha256=" + "0" * 64}, 401),
        (push("c" * 40), {"X-Hub-Signature-256": ""}, 401),
        (push("c" * 40, padding="x" * 30_000), {}, 413),
        (push("c" * 40), {"Content-Type": "text/plain"}, 415),
        (b"not json", {}, 400),
        (b"[]", {}, 400),
        (b"{}", {}, 422),
        (push("no commit"), {}, 422),
        (push("c" * 40, age=200_000), {}, 403),
    ],
)
def test_what_is_not_in_order_is_refused(
    world: World, body: bytes, headers: dict[str, str], status: int
) -> None:
    """Each fault has its status and says what to do; none starts a run."""
    before = len(runs())
    answer = deliver(body, "faulty", **headers)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "next_step"})
    assert len(runs()) == before


@pytest.mark.parametrize("kind", ["branch", "ping"])
def test_what_does_not_concern_us_is_ignored(world: World, kind: str) -> None:
    """An unknown branch or event is answered 200 with the reason."""
    event = "ping" if kind == "ping" else "push"
    answer = deliver(push("d" * 40, "feature"), f"ignored-{kind}", **{"X-GitHub-Event": event})
    assert answer.status_code == 200
    assert kind in answer.json()["ignored"] or event in answer.json()["ignored"]


def test_500_redeliveries_are_one_run(world: World) -> None:
    """Under the same or a new delivery id, all at once: one push is one run."""
    body, before = push("e" * 40), len(runs())

    async def storm() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=60) as client:
            return list(await asyncio.gather(*(_send(client, body, f"storm-{n % 50}") for n in range(500))))

    found = asyncio.run(storm())
    assert {answer.status_code for answer in found} <= {200, 202}
    assert len({answer.json()["runs"][0]["flow_run_id"] for answer in found}) == 1
    assert len(runs()) == before + 1


def test_a_delivery_id_with_another_body_is_refused(world: World) -> None:
    """An id that was used cannot carry something else."""
    deliver(push("1" * 40), "reused")
    assert deliver(push("2" * 40), "reused").status_code == 409


def test_a_burst_of_pushes_leaves_the_newest(world: World) -> None:
    """Earlier runs that wait are cancelled, also where the older push arrives last."""
    pushes = {name: deliver(push(name * 40, age=age), f"burst-{name}") for name, age in _BURST.items()}
    states = {name: run_of(answer)["state"]["type"] for name, answer in pushes.items()}
    assert states == {"3": "CANCELLED", "5": "SCHEDULED", "4": "CANCELLED"}


_BURST = {"3": -10, "5": -20, "4": -15}


def test_a_plain_call_serves_once(world: World) -> None:
    """The folder-built environment is reached by name; a nonce serves once, a stale time never."""
    nonce = "n" * 20
    answer = plain(environment="local", nonce=nonce)
    assert answer.status_code == 202, answer.text
    assert run_of(answer)["parameters"] == {"environment": "local"}
    assert plain(environment="local", nonce=nonce).status_code == 409
    assert plain(environment="local", nonce="m" * 20, timestamp=time.time() - 400).status_code == 403
    assert plain(environment="nowhere", nonce="o" * 20).status_code == 404
    assert plain("wrong", environment="local", nonce="p" * 20).status_code == 401


def test_the_outcome_reaches_github_also_after_a_restart(world: World) -> None:
    """What ends while the receiver is down is reported by the next one; a replay is still known."""
    body = push("6" * 40, "prod", age=-30)
    answer = deliver(body, "reported")
    until(lambda: ("queued", "production") in _statuses("6" * 40))
    world.stop(world.receiver)
    state = {"state": {"type": "COMPLETED", "name": "Completed"}, "force": True}
    run = answer.json()["runs"][0]["flow_run_id"]
    httpx.post(f"{API}/flow_runs/{run}/set_state", json=state).raise_for_status()
    world.start_receiver()
    assert "handled already" in deliver(body, "reported").json()["ignored"]
    until(lambda: ("success", "production") in _statuses("6" * 40))
    assert [body["ref"] for path, body in GitHub.calls if path.endswith("deployments")].count("6" * 40) == 1


def test_a_delivery_while_prefect_is_down_succeeds_later(world: World) -> None:
    """503 with Retry-After at first; the same delivery starts the run when the server is back."""
    body = push("7" * 40, age=-60)
    world.stop(world.server)
    answer = deliver(body, "down")
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "30")
    world.start_server()
    assert deliver(body, "down").status_code == 202


def test_a_signed_push_is_deployed_by_a_worker(world: World) -> None:
    """From the delivery to the end of the run: the branch's environment, at the pushed commit."""
    httpx.post(f"{API}/work_pools/", json={"name": "stage", "type": "process"}).raise_for_status()
    entrypoint = "tests/integration/webhook_flow.py:deploy_application"
    step = {"prefect.deployments.steps.set_working_directory": {"directory": str(PROJECT)}}
    deploy = {"name": "staging", "flow_id": _flow(), "entrypoint": entrypoint, "work_pool_name": "stage"}
    body = {**deploy, "pull_steps": [step], "parameters": {"environment": "staging"}, "tags": ["staging"]}
    until(lambda: httpx.post(f"{API}/deployments/", json=body, timeout=20).is_success)
    worker = world.start_worker("stage")
    try:
        answer = deliver(push("8" * 40, age=-200), "seen to the end")
        assert answer.status_code == 202, answer.text
        until(lambda: run_of(answer)["state"]["type"] == "COMPLETED", 120)
        assert run_of(answer)["parameters"] == {"environment": "staging", "ref": "8" * 40}
        until(lambda: ("success", "staging") in _statuses("8" * 40))
    finally:
        world.stop(worker)


def test_logs_are_json_and_hold_no_secret(world: World) -> None:
    """Every line parses; neither secrets nor token appear."""
    written = (world.folder / "deployments.webhook.log").read_text()
    assert all(json.loads(line)["event"] for line in written.splitlines())
    assert not any(secret in written for secret in (*SECRETS, "made-up-token"))


def test_a_secret_is_made_once_where_none_is_set(tmp_path: Path) -> None:
    """Locally the receiver makes its own secret, readable by its owner only."""
    file = tmp_path / "state/webhook-secret"
    first = secret_of(file)
    assert len(first) >= 32
    assert secret_of(file) == first
    assert file.stat().st_mode & 0o777 == 0o600


async def _send(client: httpx.AsyncClient, body: bytes, delivery: str, **headers: str) -> httpx.Response:
    own = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": sign(body, SECRETS[0]),
    }
    return await client.post(PUSH, content=body, headers={**own, **headers})


def _statuses(commit: str) -> list[tuple[str, str]]:
    """Statuses sent since the deployment of the commit was made."""
    seen = [index for index, (_, body) in enumerate(GitHub.calls) if body.get("ref") == commit]
    later = GitHub.calls[seen[0] :] if seen else []
    return [(body["state"], body["environment"]) for _, body in later if "state" in body]
