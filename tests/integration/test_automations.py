"""The automations before a real Prefect server: what happens is told, and what died is noticed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient
from support.ports import free_port

from deployments.automations.model import FILE
from deployments.automations.registrar import register_automations
from deployments.prefect_file import HEARTBEAT
from pipeline.environment.loader import environment

HERE = str(Path(__file__).parent)
PORT = free_port()
API = f"http://127.0.0.1:{PORT}/api"
FLOWS = ("deploy-application", "backup-sqlite", "detect-drift")
OTHERS = ("rollback-application",)


@dataclass
class Phone:
    """Takes the messages that a notification block sends."""

    messages: list[str] = field(default_factory=list)

    def serve(self) -> ThreadingHTTPServer:
        """Listen on a free port."""
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                messages.append(json.loads(body)["text"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        return server


@dataclass
class World:
    """A server with stand-in deployments, short-tempered automations, and who is told."""

    client: SyncPrefectClient
    file: Path
    phone: Phone
    deployments: dict[str, str]

    def register(self) -> int:
        """Write staging's automations; return how many were written."""
        return register_automations(
            self.client, environment("staging"), self.phone.messages.append, self.file
        )

    def run(self, flow: str = "deploy-application", **more: Any) -> str:
        """Create a run of staging's deployment."""
        body = {"state": {"type": "SCHEDULED"}, **more}
        return str(_post(f"/deployments/{self.deployments[flow]}/create_flow_run", body)["id"])

    def told(self, words: str) -> Callable[[], bool]:
        """Whether somebody was told so."""
        return lambda: any(words in message for message in self.phone.messages)


def until(true: Callable[[], bool], seconds: float = 200) -> None:
    """Poll until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def _post(path: str, body: Any) -> Any:
    answer = httpx.post(f"{API}{path}", json=body, timeout=30)
    if answer.status_code == 503:  # what the server says while its SQLite file is busy
        time.sleep(0.5)
        return _post(path, body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def _set_state(run: str, kind: str) -> str:
    """Propose a state; return what the server says to it."""
    return str(_post(f"/flow_runs/{run}/set_state", {"state": {"type": kind}})["status"])


def _state(run: str) -> str:
    return str(httpx.get(f"{API}/flow_runs/{run}", timeout=30).json()["state"]["type"])


def _emit(event: str, resource: dict[str, str], related: Any = (), **payload: Any) -> None:
    now = datetime.now(UTC).isoformat()
    _post(
        "/events",
        [
            {
                "occurred": now,
                "event": event,
                "resource": resource,
                "related": list(related),
                "payload": payload,
                "id": str(uuid4()),
            }
        ],
    )


def _heartbeat(run: str) -> None:
    """Emit what a flow run's process does; Prefect's own engine needs half a minute between two."""
    tag = {"prefect.resource.id": "prefect.tag.staging", "prefect.resource.role": "tag"}
    _emit("prefect.flow-run.heartbeat", {"prefect.resource.id": f"prefect.flow-run.{run}"}, [tag])


def _killed_at_work(run: str) -> None:
    """Execute the run as a worker does, in a process that is killed once Prefect knows its heartbeat."""
    own = {"PREFECT_API_URL": API, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT)}
    command = [sys.executable, "-m", "prefect.engine", run]
    with subprocess.Popen(command, env={**_foreign_variables(), **own}) as process:
        try:
            until(lambda: _has_beaten(run))
        finally:
            process.kill()


def _has_beaten(run: str) -> bool:
    name, resource = {"name": ["prefect.flow-run.heartbeat"]}, {"id": [f"prefect.flow-run.{run}"]}
    found = _post("/events/filter", {"filter": {"event": name, "resource": resource}})
    return bool(found["events"])


def _foreign_variables() -> dict[str, str]:
    """Return the environment without anything of Prefect's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    return {**kept, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "NO_PROXY": "127.0.0.1"}


def _answers() -> bool:
    try:
        return httpx.get(f"{API}/health", timeout=2).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path]) -> Iterator[None]:
    """A Prefect server of its own."""
    folder = prefect_home(tmp_path_factory.mktemp("automations"))
    own = {"PREFECT_HOME": str(folder)}
    command = [sys.executable, "-m", "deployments", "stack", "server", "--port", str(PORT)]
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen(command, env={**_foreign_variables(), **own}, stdout=out, stderr=out)
    try:
        until(_answers)
        yield
    finally:
        process.terminate()
        process.wait(240)


@pytest.fixture(scope="module")
def world(server: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Staging registered, with patience of ten seconds instead of minutes and a day."""
    file = tmp_path_factory.mktemp("data") / FILE.name
    text = FILE.read_text(encoding="utf-8")
    for long in ("within: 180", "within: 7200", "within: 900", "within: 93600"):
        assert long in text
        text = text.replace(long, "within: 10")
    file.write_text(text, encoding="utf-8")
    phone = Phone()
    http = phone.serve()
    with SyncPrefectClient(API) as client:
        made = World(client, file, phone, {name: _deployment(name) for name in (*FLOWS, *OTHERS)})
        assert made.register() > 0
        assert made.told("told to nobody")()
        _make_block(http.server_address[1])
        assert made.register() > 0
        yield made
    http.shutdown()


def _deployment(flow: str) -> str:
    identity = _post("/flows/", {"name": flow})["id"]
    body = {
        "name": "staging",
        "flow_id": identity,
        "tags": ["staging"],
        "entrypoint": "endless_flow.py:deploy_application",
        "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": HERE}}],
        "concurrency_limit": 1,
        "concurrency_options": {"collision_strategy": "ENQUEUE"},
    }
    return str(_post("/deployments/", body)["id"])


def _make_block(port: int | str) -> None:
    """Make alerts-staging as a person makes it in the UI: a block of a type that Prefect brings along."""
    kind = httpx.get(f"{API}/block_types/slug/custom-webhook", timeout=30).json()["id"]
    requested = {"block_schemas": {"block_type_id": {"any_": [kind]}}}
    schema = _post("/block_schemas/filter", requested)[0]["id"]
    data = {
        "name": "phone",
        "url": f"http://127.0.0.1:{port}/",
        "method": "POST",
        "json_data": {"text": "{{subject}} | {{body}}"},
    }
    _post(
        "/block_documents/",
        {"name": "alerts-staging", "data": data, "block_schema_id": schema, "block_type_id": kind},
    )


def test_a_second_registration_writes_nothing(world: World) -> None:
    """What is there stays, so that no clock starts again; what a person switched stays switched."""
    assert world.register() == 0
    found = world.client.find_automation("staging: drift")
    assert found is not None
    world.client.pause_automation(found.id)
    assert world.register() == 0
    world.client.resume_automation(found.id)


def test_a_failed_run_is_told(world: World) -> None:
    """With the flow, the run's name and what it said; the run of a backup in words of its own."""
    for flow in FLOWS:
        run = world.run(flow, name=f"{flow} of the test")
        _set_state(run, "RUNNING")
        _post(f"/flow_runs/{run}/set_state", {"state": {"type": "FAILED", "message": "no space left"}})
    until(world.told("staging: deploy-application failed"))
    until(world.told("staging: backup-sqlite failed. Older backups are untouched."))
    until(world.told("staging: the infrastructure differs from its configuration"))
    assert not world.told("staging: detect-drift failed")()
    assert world.told("backup-sqlite of the test\nFailed: no space left")()
    assert sum("backup-sqlite failed" in message for message in world.phone.messages) == 1


def test_going_back_is_told(world: World) -> None:
    """A person's rollback that ended well; a deployment that did is no news."""
    for flow in ("deploy-application", "rollback-application"):
        run = world.run(flow)
        _set_state(run, "RUNNING")
        _set_state(run, "COMPLETED")
    until(world.told("staging: rollback-application went back"))
    assert not world.told("deploy-application went back")()


def test_an_approval_that_waits_is_told(world: World) -> None:
    """With the whole question, and of which run it is."""
    run = world.run()
    found = world.client.read_flow_run(UUID(run))
    related = [
        {"prefect.resource.id": f"prefect.flow-run.{run}", "prefect.resource.role": "flow-run"},
        {
            "prefect.resource.id": f"prefect.flow.{found.flow_id}",
            "prefect.resource.role": "flow",
        },
    ]
    resource = {"prefect.resource.id": "vimbiso.environment.staging"}
    _emit("vimbiso.approval.waiting", resource, related, question="## 1 to DESTROY")
    until(world.told("staging: deploy-application waits for a decision"))
    assert world.told("## 1 to DESTROY")()
    assert world.told(found.name)()


@pytest.mark.parametrize(
    ("event", "payload", "words"),
    [
        (
            "vimbiso.release.rolled_back",
            {"summary": "pay:7 failed. Release v6 runs again."},
            "Release v6 runs",
        ),
        (
            "vimbiso.infrastructure.applied",
            {"plan": "abc", "changes": 3},
            "infrastructure applied | 3 resources",
        ),
        ("vimbiso.infrastructure.destroyed", {"plan": "ab", "changes": 9}, "infrastructure destroyed | 9"),
        ("vimbiso.infrastructure.failed", {"plan": "abd", "changes": 4}, "Plan abd of 4 resources did not"),
        ("vimbiso.state.restored", {"source": "copy-1", "serial": 12}, "From copy-1, serial 12."),
        ("vimbiso.database.restored", {"backup": "b.db"}, "the database was replaced by a backup"),
    ],
)
def test_an_event_of_a_flow_is_told(world: World, event: str, payload: dict[str, Any], words: str) -> None:
    """What the flows find reaches people, of this environment only."""
    _emit(event, {"prefect.resource.id": "vimbiso.environment.production"}, foreign="yes")
    _emit(event, {"prefect.resource.id": "vimbiso.environment.staging"}, **payload)
    until(world.told(words))
    assert not world.told("production")()


def test_a_missing_backup_is_told(world: World) -> None:
    """Nothing has to happen for it: that is the point."""
    until(world.told("no database backup for 26 hours"))
    until(world.told("no backup of Terraform's state for 26 hours"))


@pytest.mark.timeout(900)
def test_a_run_whose_process_died_gives_its_place_up(world: World) -> None:
    """After SIGKILL it is Crashed, people are told, and the next run may go; one that beats goes on."""
    dead, alive, next_one = world.run(), world.run("backup-sqlite"), world.run()
    assert (_set_state(dead, "PENDING"), _set_state(next_one, "PENDING")) == ("ACCEPT", "REJECT")
    _killed_at_work(dead)
    assert (_set_state(alive, "PENDING"), _set_state(alive, "RUNNING")) == ("ACCEPT", "ACCEPT")
    _heartbeat(alive)

    def crashed() -> bool:
        _heartbeat(alive)
        return _state(dead) == "CRASHED"

    until(crashed)
    assert _state(alive) == "RUNNING"
    assert _set_state(next_one, "PENDING") == "ACCEPT"
    until(world.told("staging: deploy-application crashed"))
    until(world.told("staging: backup-sqlite has been running for two hours"))
    until(world.told("staging: deploy-application does not start"))
    _set_state(alive, "COMPLETED")


def test_a_push_event_starts_the_deployment_once_it_is_switched_on(world: World) -> None:
    """The way without the receiver: the commit of the event is what is deployed; other branches are not."""
    found = world.client.find_automation("staging: deploy what was pushed")
    assert found is not None
    assert not found.enabled
    world.client.resume_automation(found.id)
    place = {
        "prefect.resource.id": "github.vimbiso/vimbiso-pay",
        "vimbiso.repository": "github.com/vimbiso/vimbiso-pay",
    }
    _emit("vimbiso.source.pushed", {**place, "vimbiso.ref": "refs/heads/other"}, commit="b" * 40)

    def started() -> list[dict[str, Any]]:
        _emit("vimbiso.source.pushed", {**place, "vimbiso.ref": "refs/heads/stage"}, commit="a" * 40)
        runs = _post("/flow_runs/filter", {})
        return [run["parameters"] for run in runs if (run["created_by"] or {}).get("type") == "AUTOMATION"]

    until(lambda: bool(started()))
    assert started()[0] == {"environment": "staging", "ref": "a" * 40, "branch_only": True}
