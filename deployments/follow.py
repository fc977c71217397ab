"""Starts a deployment's run and follows it live on the terminal, to its end."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, TaskRun
from prefect.client.schemas.sorting import LogSort
from prefect.exceptions import ObjectNotFound
from rich.console import Console

from pipeline.errors import PipelineError

_INTERVAL = 0.4
_WARNING = 30


class UnknownDeploymentError(PipelineError):
    """Prefect does not know the deployment."""


@dataclass
class Follower:
    """Prints each step of a run once when it ends, and what was logged as a warning or worse."""

    client: SyncPrefectClient
    console: Console
    verbose: bool = False
    _told: set[UUID] = field(default_factory=set)
    _log_offset: int = 0

    def follow(self, run_id: UUID) -> FlowRun:
        """Follow a run to its end and return it."""
        with self.console.status("waiting for the worker") as status:
            while True:
                run = self.client.read_flow_run(run_id)
                steps = self._steps(run_id)
                self._tell(run_id, steps)
                if run.state is not None and run.state.is_final():
                    return run
                status.update(_running(steps) or str(run.state_name).lower())
                time.sleep(_INTERVAL)

    def _steps(self, run_id: UUID) -> list[TaskRun]:
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
        found = self.client.read_task_runs(flow_run_filter=chosen)
        return sorted(found, key=lambda item: str(item.start_time or item.expected_start_time or ""))

    def _tell(self, run_id: UUID, steps: Iterable[TaskRun]) -> None:
        for line in self._new_lines(run_id):
            self.console.print(f"      {line}", style="dim", markup=False, emoji=False, soft_wrap=True)
        for step in steps:
            if step.id not in self._told and step.state is not None and step.state.is_final():
                self._told.add(step.id)
                self.console.print(_line(step), highlight=False)

    def _new_lines(self, run_id: UUID) -> list[str]:
        chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
        logs = self.client.read_logs(
            log_filter=chosen, offset=self._log_offset, limit=200, sort=LogSort.TIMESTAMP_ASC
        )
        self._log_offset += len(logs)
        return [item.message for item in logs if self.verbose or item.level >= _WARNING]


def start(client: SyncPrefectClient, deployment: str, parameters: dict[str, Any] | None = None) -> FlowRun:
    """Create a run of a deployment, named FLOW/ENVIRONMENT.

    Raises:
        UnknownDeploymentError: Prefect does not know it.
    """
    try:
        found = client.read_deployment_by_name(deployment)
    except ObjectNotFound as error:
        raise UnknownDeploymentError(
            f"Prefect has no deployment {deployment}. Register the environments first (make register)."
        ) from error
    return client.create_flow_run_from_deployment(found.id, parameters=parameters or {})


def _running(steps: Iterable[TaskRun]) -> str:
    names = [_name(step) for step in steps if step.state is not None and step.state.is_running()]
    return ", ".join(names)


def _line(step: TaskRun) -> str:
    good = step.state is not None and step.state.is_completed()
    mark = "[green]✓[/green]" if good else "[red]✗[/red]"
    return f"    {mark} {_name(step):<28} {step.total_run_time.total_seconds():6.1f} s"


def _name(step: TaskRun) -> str:
    return step.name.rsplit("-", 1)[0]
