"""An environment as it lives, for flows to work on, and what a test does to it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
from support.account import DENIED, LOGS, REGION, FakeBalancer, WorldAccess, built
from support.fake_ecs import FakeEcs, Ran
from support.http_serving import serving_http
from support.live import live_environment
from support.secret_keys import SECRET_KEYS

from pipeline.databases.model import FoundDatabase
from pipeline.ecs.model import Outcome
from pipeline.environment.application import DataSettings
from pipeline.live import LiveEnvironment
from pipeline.migrations.model import Migration
from pipeline.release.model import ReleaseRecord
from pipeline.state.bucket import settle
from pipeline.state.table import LockTable

_MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", '


@dataclass
class World:
    """The environment, and what a test does to it."""

    live: LiveEnvironment
    ecs: FakeEcs
    balancer: FakeBalancer
    data: Path
    """What the tasks see as their data volume."""
    pending: list[Migration] = field(default_factory=list)
    databases: list[FoundDatabase] | None = None
    """What the application's Django names; None for the one database that is backed up."""
    image_config: dict[str, Any] = field(default_factory=lambda: {"Cmd": ["serve"]})
    known: dict[str, list[str]] = field(default_factory=lambda: {"pay": ["0001_initial", "0002_more"]})
    """Migrations that the release has, by app."""
    failing_migrations: bool = False
    blobs: dict[str, bytes] = field(default_factory=dict)
    """What was uploaded into the registry, by digest."""
    failing: set[str] = field(default_factory=set)
    """Digests of releases that answer with HTTP 500."""
    commands: list[str] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What automations would hear, without the prefix that all have."""

    def hear(self, *, event: str, resource: dict[str, str], payload: dict[str, Any]) -> None:
        """Hear an event about the environment."""
        assert resource == {"prefect.resource.id": f"vimbiso.environment.{self.live.name}"}
        self.events.append((event.removeprefix("vimbiso."), payload))

    def heard(self) -> list[str]:
        """Return the names of the events so far, in their order."""
        return [name for name, _ in self.events]

    def client(self, service: str) -> Any:
        """Return a client of the environment's account."""
        return self.live.access.client(service)  # type: ignore[call-overload]

    def push(self, number: int, tag: str = "") -> str:
        """Push the image of release ``r<number>``, unless it is there; return its digest."""
        ecr, digest, tag = self.client("ecr"), f"sha256:{number:064x}", tag or f"r{number}"
        config = f'"config": {{"digest": "{digest}"}}, "layers": [{{"digest": "{digest}"}}]}}'
        with suppress(ecr.exceptions.ImageAlreadyExistsException):
            ecr.put_image(repositoryName="pay", imageManifest=_MANIFEST + config, imageTag=tag)
        found = ecr.describe_images(repositoryName="pay", imageIds=[{"imageTag": tag}])
        return str(found["imageDetails"][0]["imageDigest"])

    def register(self, number: int) -> str:
        """Register the revision of release ``r<number>``, whose image is pushed; return its ARN."""
        answer = self.client("ecs").register_task_definition(
            family="app",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            containerDefinitions=[
                self._container(f"{self.live.settings.registry}/pay@{self.push(number)}", f"r{number}")
            ],
            tags=[{"key": "pipeline:release", "value": f"r{number}"}],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def deployed(self, number: int, age: timedelta = timedelta(hours=1), **changes: Any) -> ReleaseRecord:
        """Deploy release ``r<number>`` some time ago, and record it."""
        arn = self.register(number)
        self.ecs.serve(arn, self.ecs.service.get("desiredCount", 1))
        began = datetime.now(UTC) - age
        for place in (*self.ecs.service["deployments"], *self.ecs.running()):
            place["createdAt"] = began
        image = self.ecs.containers(arn)[0]["image"]
        values: dict[str, Any] = {
            "release": f"r{number}",
            "outcome": Outcome.SUCCEEDED,
            "message": "",
            "kind": "deploy",
            "task_definition": arn,
            "image": image,
            "image_digest": image.partition("@")[2],
            "deployment_id": self.ecs.primary["id"],
            "started_at": began,
            "ended_at": began + timedelta(minutes=1),
        }
        record = ReleaseRecord(**(values | changes))
        self.live.releases.append(record)
        return record

    def given(self, **outputs: Any) -> LiveEnvironment:
        """Return the environment with other outputs."""
        return replace(self.live, built=self.live.outputs.model_copy(update=outputs))

    @property
    def runs(self) -> str:
        """The release that the service is on."""
        tags = self.ecs.tags[self.ecs.service["taskDefinition"]]
        return next(tag["value"] for tag in tags if tag["key"] == "pipeline:release")

    def answer(self) -> tuple[int, bytes]:
        """Answer on the health path as the running release does."""
        if self.ecs.digest(self.ecs.service["taskDefinition"]) in self.failing:
            return 500, b"{}"
        return 200, json.dumps({"release": self.runs}).encode()

    def build_state(self) -> None:
        """Make the home of the Terraform state, empty; without the policy, whose conditions moto ignores."""
        bucket, s3 = self.live.settings.state_bucket, self.client("s3")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        list(settle(LockTable(self.client("dynamodb"), self.live.settings.lock_table), repair=True))

    def keys(self) -> list[str]:
        """Return the keys in the backup bucket."""
        listed = self.client("s3").list_objects_v2(Bucket="backups").get("Contents", [])
        return [item["Key"] for item in listed]

    def run(self, task: dict[str, Any], command: list[str], variables: dict[str, str]) -> Ran:
        """Run the command of a one-off task: a job in a process, Django's from what the test wants."""
        if "SQLITE_JOB_URL" in variables:
            self.commands.append("job")
            kept = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
            own = {**kept, **variables, "TMPDIR": str(self.data), "PATH": os.environ["PATH"]}
            return subprocess.run(command, env=own, capture_output=True, check=False).returncode, ""
        goes_on, stream = command[0] == "python3" and not self.pending, stream_of(task)
        if command[0] == "python3" and command[3] != "0":
            return None  # waits for the migrations
        command = command[5:] if command[0] == "python3" else command
        self.commands.append(command[2])
        if command[2] == "migrate":
            if not self.failing_migrations:
                self.pending.clear()
            self.log("Running migrations", stream=stream)
            return int(self.failing_migrations), ""
        databases = [self._database()] if self.databases is None else self.databases
        known = [
            f"VIMBISO-KNOWN {json.dumps({'app': app, 'names': names})}" for app, names in self.known.items()
        ]
        lines = [f"VIMBISO-MIGRATION {item.model_dump_json()}" for item in self.pending]
        told = [f"VIMBISO-DATABASE {item.model_dump_json()}" for item in databases]
        self.log(*told, *known, *lines, f"VIMBISO-MIGRATIONS {len(lines)}", stream=stream)
        return None if goes_on else (0, "")

    def _database(self) -> FoundDatabase:
        path = Path(self.live.database)
        exists = path.exists() and path.stat().st_size > 0
        mount = self.live.outputs.data_path
        return FoundDatabase(alias="default", vendor="sqlite", path=str(path), mount=mount, exists=exists)

    def log(self, *lines: str, stream: str = "ecs/app/1", at: datetime | None = None) -> None:
        """Write lines into the application's log group, one a millisecond."""
        logs = self.client("logs")
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=LOGS, logStreamName=stream)
        began = int((at or datetime.now(UTC)).timestamp() * 1000)
        logs.put_log_events(
            logGroupName=LOGS,
            logStreamName=stream,
            logEvents=[{"timestamp": began + place, "message": line} for place, line in enumerate(lines)],
        )

    def _container(self, image: str, release: str) -> dict[str, Any]:
        arn = self.live.outputs.secret_arn
        options = {"awslogs-group": LOGS, "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"}
        return {
            "name": "app",
            "image": image,
            "environment": [{"name": "RELEASE", "value": release}],
            "secrets": [{"name": key, "valueFrom": f"{arn}:{key}::"} for key in SECRET_KEYS],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }


def stream_of(task: dict[str, Any]) -> str:
    """Return the log stream of a task's application, as awslogs names it."""
    return f"ecs/app/{task['taskArn'].rpartition('/')[2]}"


@contextmanager
def world(aws: str, data: Path, **settings: Any) -> Iterator[World]:
    """Build an environment in an empty account: no release yet."""
    httpx.post(f"{aws}/moto-api/reset", trust_env=False)
    ecs = FakeEcs()
    balancer = FakeBalancer(ecs)
    access = WorldAccess(REGION, aws, "world", "x", services={**DENIED, "ecs": ecs, "elbv2": balancer})
    settings = {"aws_endpoint_url": aws, "task_endpoint_url": aws, "domain": "localhost", **settings}
    with _served() as (url, handler):
        outputs = built(access, url, data)
        settings["registry"] = url.removeprefix("http://")
        settings["data"] = DataSettings(path=outputs.data_path, databases=list(outputs.databases))
        live = live_environment(access, outputs, **settings)
        made = World(live, ecs, balancer, data)
        ecs.run, ecs.wrote = made.run, lambda task: made.log("Starting", stream=stream_of(task))
        handler.world = made
        yield made


class _Handler(BaseHTTPRequestHandler):
    world: World

    def do_GET(self) -> None:
        if self.path.startswith("/v2/"):
            config = json.dumps({"config": self.world.image_config}).encode()
            status, body = 200, self.world.blobs.get(self.path.rpartition("/")[2], config)
        else:
            status, body = self.world.answer()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.world.blobs[self.path.partition("digest=")[2].replace("%3A", ":")] = body
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _served() -> Iterator[tuple[str, type[_Handler]]]:
    handler = type("Handler", (_Handler,), {})
    with serving_http(handler) as host:
        yield f"http://{host}", handler
