"""The whole pipeline at work: flows run through their deployments by a real worker, on a stack of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import docker
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun, Log, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.sorting import ArtifactSort, LogSort
from stack_commands import Stack, until
from support.application import Application
from support.blocks import Blocks
from support.fault_proxy import Decide, Told, faulty
from support.visitor import Visitor

from deployments.follow import is_last_line, start
from deployments.local.stack.settings import REGION
from deployments.local.stack.settle import containers
from pipeline.aws.access import AwsAccess, read_parameter
from pipeline.ecs.model import Service, Task
from pipeline.ecs.oneoff import OneOffTasks
from pipeline.ecs.registry import TaskDefinitions
from pipeline.ecs.service import EcsService
from pipeline.outputs import Outputs, parse_outputs
from pipeline.release.model import ReleaseRecord
from pipeline.release.store import ReleaseStore

ENVIRONMENT = "local"
APP = "vimbiso-pay"
_PAGE = 200
_LOCKED = 120
"""Seconds that log lines are waited for: Prefect's server on SQLite can be locked for a minute."""
_STANDSTILL = {StateType.PAUSED, *TERMINAL_STATES}


@dataclass(frozen=True)
class House:
    """A stack with infrastructure on it, the application's source, and everything to look at both."""

    stack: Stack
    application: Application
    prefect: SyncPrefectClient
    recorded: Path
    """Every request that a process of the stack has made of AWS, see tests/support/recorder."""
    environment: str = ENVIRONMENT
    app: str = APP

    @property
    def auth(self) -> tuple[str, str]:
        """Name and password for Prefect's API."""
        return self.stack.auth

    @property
    def access(self) -> AwsAccess:
        """How to reach the emulated AWS."""
        return AwsAccess(REGION, self.stack.settings.aws_url, "000000000000", "emulator")

    @cached_property
    def outputs(self) -> Outputs:
        """What Terraform built."""
        parameter = f"/{self.app}/{ENVIRONMENT}/pipeline"
        document = read_parameter(self.access, parameter)
        assert document is not None
        return parse_outputs(document, parameter)

    @property
    def blocks(self) -> Blocks:
        """The blocks that a person edits in the UI."""
        return Blocks(self.prefect, self.environment, f"{self.app}-{ENVIRONMENT}")

    @property
    def ecs(self) -> EcsService:
        """The application's service."""
        outputs = self.outputs
        return EcsService(self.access, outputs.cluster, outputs.service)

    @property
    def releases(self) -> ReleaseStore:
        """The release records."""
        return ReleaseStore(self.access, self.outputs.backup_bucket, self.environment)

    def register(self) -> None:
        """Write blocks and deployments, as `make register` does."""
        command = [sys.executable, "-m", "deployments", "register", self.environment]
        done = subprocess.run(
            command, env=dict(self.stack.variables), capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stderr

    def use_own_key(self) -> None:
        """Let the flows work with a key whose secret no other text holds by chance."""
        iam = self.access.client("iam")
        iam.create_user(UserName="pipeline")
        key = iam.create_access_key(UserName="pipeline")["AccessKey"]
        self.blocks.enter_aws_key(key["AccessKeyId"], key["SecretAccessKey"])

    def start(self, flow: str, **parameters: Any) -> UUID:
        """Ask for a run and return its id at once."""
        return start(self.prefect, f"{flow}/{self.environment}", parameters).id

    def end(self, run_id: UUID, seconds: float = 240) -> FlowRun:
        """Wait until the run has ended, and return it."""
        deadline = time.monotonic() + seconds
        while True:
            run = self.prefect.read_flow_run(run_id)
            if run.state is not None and run.state.is_final():
                return run
            assert time.monotonic() < deadline, self._story(run)
            time.sleep(0.2)

    def whole_log(self, run_id: UUID) -> list[str]:
        """Return the log of a run that ended in order, as soon as its last lines have arrived."""
        until(lambda: any(is_last_line(item) for item in self._logs(run_id)), _LOCKED)
        return self.log(run_id)

    def run(self, flow: str, **parameters: Any) -> FlowRun:
        """Run a flow to its end."""
        return self.end(self.start(flow, **parameters))

    def complete(self, flow: str, **parameters: Any) -> FlowRun:
        """Run a flow that must succeed."""
        run = self.run(flow, **parameters)
        assert run.state_name == "Completed", self._story(run)
        return run

    def fail(self, flow: str, **parameters: Any) -> str:
        """Run a flow that must fail; return what it says, and its log."""
        run = self.run(flow, **parameters)
        assert run.state_name == "Failed", self._story(run)
        assert run.state is not None
        return "\n".join([run.state.message or "", *self.whole_log(run.id)])

    def suspended(self, flow: str, **parameters: Any) -> UUID:
        """Run a flow until it waits for a person; return the run's id."""
        run_id = self.start(flow, **parameters)
        until(lambda: _state(self.prefect.read_flow_run(run_id)) in _STANDSTILL, 240)
        run = self.prefect.read_flow_run(run_id)
        assert _state(run) is StateType.PAUSED, self._story(run)
        return run_id

    def decide(self, run_id: UUID, **answers: Any) -> None:
        """Fill in the form of a suspended run, as a person does in the UI."""
        answer = self.prefect.resume_flow_run(run_id, run_input=answers)
        assert answer.status is SetStateStatus.ACCEPT, answer

    def log(self, run_id: UUID) -> list[str]:
        """Return every line of a run's log that has arrived."""
        return [item.message for item in self._logs(run_id)]

    def _logs(self, run_id: UUID) -> list[Log]:
        chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
        found: list[Log] = []
        while True:
            page = self.prefect.read_logs(chosen, limit=_PAGE, offset=len(found), sort=LogSort.TIMESTAMP_ASC)
            found += page
            if len(page) < _PAGE:
                return found

    def page(self, key: str) -> str:
        """Return the newest page (Markdown artifact) of that key."""
        chosen = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        newest = ArtifactSort.CREATED_DESC
        return str(self.prefect.read_artifacts(artifact_filter=chosen, sort=newest, limit=1)[0].data)

    def service(self) -> Service:
        """Look at the service."""
        return self.ecs.require()

    def _story(self, run: FlowRun) -> str:
        """Tell how a run came to be where it is."""
        return "\n".join([f"{run.name} is {run.state_name}", *self.log(run.id)[-40:]])

    def newest_revision(self) -> int:
        """Return the number of the newest revision of the application's task definition."""
        family = self.outputs.task_family
        answer = self.access.client("ecs").list_task_definitions(
            familyPrefix=family, sort="DESC", maxResults=1
        )
        return int(answer["taskDefinitionArns"][0].rsplit(":", 1)[1])

    def one_off_tasks(self, prefix: str) -> list[Task]:
        """Return the running one-off tasks whose key begins so."""
        return list(OneOffTasks(self.access, self.outputs.cluster).left_behind(prefix))

    def other_task_definition(self) -> str:
        """Register a revision that the pipeline knows nothing of; return its ARN."""
        definitions, ecs = TaskDefinitions(self.access), self.access.client("ecs")
        request = definitions.request_for(self.service().task_definition)
        request["containerDefinitions"][0]["environment"].append({"name": "ALIEN", "value": "1"})
        answer = ecs.register_task_definition(**request)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def newest(self) -> ReleaseRecord:
        """Return the newest release record."""
        return self.releases.newest(1)[0]

    def count_records(self) -> int:
        """Count the release records."""
        listed = self.access.client("s3").list_objects_v2(
            Bucket=self.outputs.backup_bucket, Prefix=f"releases/{self.environment}/records/"
        )
        return int(listed["KeyCount"])

    def newest_good(self, other_than: str = "") -> ReleaseRecord:
        """Return the newest record of a release that was good and is not on that task definition."""
        records = self.releases.newest()
        return next(item for item in records if item.outcome.good and item.task_definition != other_than)

    def digests(self) -> set[str]:
        """Return the digests of the images that the service's containers really run, by Docker's word."""
        engine = docker.from_env()
        addresses = {task.address for task in self.ecs.tasks() if task.last_status == "RUNNING"}
        mine = [engine.containers.get(identity).attrs for identity in containers(self.stack.settings)]
        return {
            digest.rpartition("@")[2]
            for item in mine
            if _address(item) in addresses
            for digest in engine.images.get(item["Image"]).attrs["RepoDigests"]
        }

    @contextmanager
    def through_proxy(self, decide: Decide, told: Told = lambda *_: None) -> Iterator[None]:
        """Let what the flows ask of AWS go through a proxy; `decide` and `told` are the proxy's."""
        port = self.stack.settings.aws_port
        with faulty(port, decide, told) as url:
            self.blocks.switch_endpoint(url)
            try:
                yield
            finally:
                self.blocks.switch_endpoint(f"http://localhost:{port}")

    @contextmanager
    def without_secret(self, key: str) -> Iterator[None]:
        """Let the application's secret lack a key meanwhile."""
        manager, secret = self.access.client("secretsmanager"), self.outputs.secret_arn
        kept = manager.get_secret_value(SecretId=secret)["SecretString"]
        values = {name: value for name, value in json.loads(kept).items() if name != key}
        manager.put_secret_value(SecretId=secret, SecretString=json.dumps(values))
        try:
            yield
        finally:
            manager.put_secret_value(SecretId=secret, SecretString=kept)

    @contextmanager
    def visitor(self) -> Iterator[Visitor]:
        """A client that asks the application through the load balancer all the time."""
        url = f"http://localhost:{self.stack.settings.aws_port}/health/"
        visitor = Visitor(url, self.outputs.load_balancer_dns)
        visitor.start()
        try:
            yield visitor
        finally:
            visitor.stop()


def _state(run: FlowRun) -> StateType | None:
    return run.state.type if run.state else None


def _address(attributes: dict[str, Any]) -> str:
    networks = attributes["NetworkSettings"]["Networks"].values()
    return next((str(item["IPAddress"]) for item in networks if item["IPAddress"]), "")
