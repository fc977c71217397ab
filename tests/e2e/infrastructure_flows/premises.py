"""The pipeline on premises of its own: a copy with a small Terraform root, a Prefect server, an emulator."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun
from prefect.states import Crashed, Pending
from support.blocks import Blocks
from support.events import payloads

from deployments.local.stack.settings import REGION
from pipeline.aws.access import AwsAccess
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environment
from pipeline.outputs import Outputs
from pipeline.state.backend import StateBackend, state_backend_of

ENVIRONMENT = "local"
ROOTS = Path(__file__).with_name("roots")
_CODE = ("blocks", "deployments", "flows", "pipeline", "tasks", "prefect.yaml")
_ACCOUNT = "000000000000"


@dataclass(frozen=True)
class Premises:
    """Runs flows of deployments as a worker does: each in a process of its own."""

    folder: Path
    variables: Mapping[str, str]
    aws_url: str
    prefect: SyncPrefectClient

    @property
    def access(self) -> AwsAccess:
        """How to reach the emulated AWS."""
        return AwsAccess(REGION, self.aws_url, _ACCOUNT, "emulator")

    @property
    def home(self) -> StateBackend:
        """Where the environment's state is."""
        return state_backend_of(self.access, environment(ENVIRONMENT))

    def use(self, root: str) -> None:
        """Put a small root module in the place of the real one."""
        shutil.rmtree(self.folder / "terraform", ignore_errors=True)
        shutil.copytree(ROOTS / root, self.folder / "terraform")
        (self.folder / "terraform/environments").mkdir()

    def wish(self, **variables: Any) -> None:
        """Change the environment's configuration, as an edit of its .tfvars file."""
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in variables.items()]
        (self.folder / f"terraform/environments/{ENVIRONMENT}.tfvars").write_text("".join(lines))

    @contextmanager
    def credentials(self, key_id: str, secret_key: str) -> Iterator[None]:
        """Enter another key in the block for a while."""
        self._blocks.enter_aws_key(key_id, secret_key)
        try:
            yield
        finally:
            self._blocks.enter_aws_key(_ACCOUNT, "emulator")

    @contextmanager
    def endpoint(self, url: str) -> Iterator[None]:
        """Let the flows ask another address for AWS for a while."""
        self._blocks.switch_endpoint(url)
        try:
            yield
        finally:
            self._blocks.switch_endpoint(self.aws_url)

    def demand_approval(self, policy: str) -> None:
        """Say whether changes wait for a person."""
        self._blocks.switch_approval(policy)

    @property
    def _blocks(self) -> Blocks:
        return Blocks(self.prefect, ENVIRONMENT, "")

    def begin(self, flow: str, **parameters: Any) -> tuple[str, "subprocess.Popen[bytes]"]:
        """Start a run of the flow's deployment; return its id and its process."""
        deployment = self.prefect.read_deployment_by_name(f"{flow}/{ENVIRONMENT}")
        run = self.prefect.create_flow_run_from_deployment(
            deployment.id, parameters=parameters, state=Pending()
        )
        return str(run.id), self._execute(str(run.id))

    def run(self, flow: str, **parameters: Any) -> FlowRun:
        """Run the flow to the end of its process."""
        run, process = self.begin(flow, **parameters)
        return self.ended(run, process)

    def kill(self, run: str, process: "subprocess.Popen[bytes]") -> None:
        """Kill a run; a worker then tells Prefect that it crashed."""
        kill(process)
        self.prefect.set_flow_run_state(UUID(run), Crashed(), force=True)

    def decide(self, run: FlowRun, **decision: Any) -> FlowRun:
        """Answer a suspended run's form, and run it to its end."""
        answer = self.prefect.resume_flow_run(run.id, run_input=decision)
        assert answer.status.value == "ACCEPT", answer.details
        self.prefect.set_flow_run_state(run.id, Pending(), force=True)  # what a worker proposes
        return self.ended(str(run.id), self._execute(str(run.id)))

    def log(self, run: str) -> list[str]:
        """Return what the run logged so far."""
        requested = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run]))
        return [line.message for line in self.prefect.read_logs(requested)]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the payloads of the events of that name, newest first, as soon as the server has one."""
        found: list[dict[str, Any]] = []

        def written() -> bool:
            found[:] = payloads(self.prefect, name)
            return bool(found)

        until(written, f"an event {name}")
        return found

    def publish_outputs(self) -> None:
        """Write the parameter that the real root module writes; a small one has nothing to tell."""
        text = {name: "x" for name, kind in Outputs.__annotations__.items() if kind is str}
        lists = {"target_group_arns": [], "subnet_ids": [], "security_group_ids": []}
        self.access.client("ssm").put_parameter(
            Name=f"/vimbiso-pay/{ENVIRONMENT}/pipeline",
            Value=json.dumps({**text, **lists, "container_port": 8000}),
            Type="String",
            Overwrite=True,
        )

    def _execute(self, run: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "prefect.engine", run],
            cwd=self.folder,
            env=dict(self.variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ended(self, run: str, process: "subprocess.Popen[bytes]") -> FlowRun:
        """Wait for the end of the process; return its run."""
        process.wait(timeout=600)
        return self.prefect.read_flow_run(run)  # type: ignore[arg-type] # takes text as well


def told(run: FlowRun) -> str:
    """Return what the run's state says."""
    assert run.state is not None
    return f"{run.state.name}: {run.state.message}"


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End the process and all that it started, as a machine that goes away does."""
    _kill([process.pid, *_descendants(process.pid)])
    process.wait()


def kill_children(process: "subprocess.Popen[bytes]") -> None:
    """End all that the process started, and not itself."""
    _kill(_descendants(process.pid))


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    """Return what the process started, and what that started."""
    files = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for file in files for child in file.read_text().split()]
    return [found for child in children for found in (child, *_descendants(child))]


def until(true: Callable[[], bool], what: str, seconds: float = 200) -> None:
    """Poll until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def copy_code(folder: Path) -> None:
    """Copy the pipeline's own code."""
    for name in _CODE:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
