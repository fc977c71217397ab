"""Starts a deployment's run and follows it live on the terminal, to its end."""

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, Log, TaskRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import LogSort
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL
from rich.console import Console

from pipeline.errors import PipelineError

_INTERVAL = 0.4
_INFO, _WARNING = 20, 30
_FINISHED = "Finished in state "
_ENDS = (
    _FINISHED,
    "Task run failed with exception: ",
    "Encountered exception during execution: ",
    "Engine execution exited with unexpected exception",
)
"""How Prefect begins what it logs of an end, with a stack trace; the step's own line tells it."""
_LAST_LINES = 6.0
"""Seconds that the last lines of an ended run are waited for: they are sent every two."""
_PATIENCE = 60.0
"""Seconds without an answer before the follower gives up: a server's restart takes half of it."""


def printable(text: str) -> str:
    """Return a text that moves no cursor and sets no colour: an application may log anything."""
    return "".join(mark if mark.isprintable() or mark in "\n\t" else " " for mark in text)


@dataclass
class Follower:
    """Prints each step of a run once when it ends, and what was logged as a warning or worse.

    With ``findings`` also what the steps found; with ``verbose`` the whole log.
    """

    client: SyncPrefectClient
    console: Console
    verbose: bool = False
    findings: bool = False
    _printed: set[UUID] = field(default_factory=set)
    _log_offset: int = 0
    _paused: bool = False
    _log_ended: bool = False

    def follow(self, run_id: UUID) -> FlowRun:
        """Follow a run to its end and return it; a server that is away for a minute is waited for.

        Raises:
            httpx.TransportError: the server was away for longer.
        """
        answered = time.monotonic()
        with self.console.status("waiting for the worker") as status:
            while True:
                try:
                    run, steps = self.client.read_flow_run(run_id), self._steps(run_id)
                    self._print_new(run_id, steps)
                    answered = time.monotonic()
                except httpx.TransportError:
                    if time.monotonic() - answered > _PATIENCE:
                        raise
                    status.update("the Prefect server does not answer")
                else:
                    if run.state is not None and run.state.is_final():
                        self._print_rest(run)
                        return run
                    self._print_pause(run)
                    status.update(_running(steps) or str(run.state_name).lower())
                time.sleep(_INTERVAL)

    def _print_rest(self, run: FlowRun) -> None:
        """Tell what was logged last; a process that was killed logs no end, and is not waited for.

        The lines come in batches, and Prefect does not say when: they are asked for as long as they may come.
        """
        end = time.monotonic() + _LAST_LINES
        lasting = run.state is not None and (run.state.is_completed() or run.state.is_failed())
        while lasting and not self._log_ended and time.monotonic() < end:
            time.sleep(_INTERVAL)
            with suppress(httpx.TransportError):
                self._print_new(run.id, self._steps(run.id))

    def _print_pause(self, run: FlowRun) -> None:
        """Say once that a person is waited for."""
        paused = run.state is not None and run.state.is_paused()
        if paused and not self._paused:
            by_hand = f"vimbiso approve {run.parameters.get('environment')}"
            self.console.print(
                f"    {run.name} waits for a person's decision, in the UI or by: {by_hand}\n\n"
                f"{printable(question_of(self.client, run))}\n",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        self._paused = paused

    def _steps(self, run_id: UUID) -> list[TaskRun]:
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
        found = self.client.read_task_runs(flow_run_filter=chosen)
        return sorted(found, key=lambda item: str(item.start_time or item.expected_start_time or ""))

    def _print_new(self, run_id: UUID, steps: Iterable[TaskRun]) -> None:
        for line in self._new_lines(run_id):
            self._print_line(line)
        for step in steps:
            if step.id not in self._printed and step.state is not None and step.state.is_final():
                self._printed.add(step.id)
                self.console.print(_line(step), highlight=False)
                if step.state.is_failed():
                    self._print_line(_reason(step.state.message))

    def _print_line(self, line: str) -> None:
        self.console.print(f"      {printable(line)}", style="dim", markup=False, soft_wrap=True)

    def _new_lines(self, run_id: UUID) -> list[str]:
        chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
        logs = self.client.read_logs(
            log_filter=chosen, offset=self._log_offset, limit=200, sort=LogSort.TIMESTAMP_ASC
        )
        self._log_offset += len(logs)
        self._log_ended |= any(is_last_line(item) for item in logs)
        return [item.message for item in logs if self.verbose or self._tells(item)]

    def _tells(self, item: Log) -> bool:
        if item.message.startswith(_ENDS) and " - Retry " not in item.message:
            return False
        return item.level >= _WARNING or (
            self.findings and item.level >= _INFO and item.task_run_id is not None
        )


def start(client: SyncPrefectClient, deployment: str, parameters: dict[str, Any] | None = None) -> FlowRun:
    """Create a run of a deployment, named FLOW/ENVIRONMENT.

    Raises:
        PipelineError: Prefect does not know it.
        PipelineError: its schema does not allow the parameters.
    """
    found = find(client, deployment)
    try:
        return client.create_flow_run_from_deployment(found.id, parameters=parameters or {})
    except httpx.HTTPStatusError as error:
        if error.response.status_code not in (409, 422):
            raise
        detail = " ".join(str(error.response.json().get("detail", error.response.text)).split())
        raise PipelineError(f"{deployment} does not start with these parameters: {detail}") from error


def find(client: SyncPrefectClient, deployment: str) -> DeploymentResponse:
    """Return a deployment, named FLOW/ENVIRONMENT.

    Raises:
        PipelineError: Prefect does not know it.
    """
    try:
        return client.read_deployment_by_name(deployment)
    except ObjectNotFound as error:
        raise PipelineError(
            f"Prefect has no deployment {deployment}. Register the environments first: vimbiso register"
        ) from error


def page_of_run(run: FlowRun) -> str:
    """Return the address of the run's page in the UI."""
    ui = PREFECT_UI_URL.value() or str(PREFECT_API_URL.value()).removesuffix("/api")
    return f"{ui}/runs/flow-run/{run.id}"


def question_of(client: SyncPrefectClient, run: FlowRun) -> str:
    """Return the text above a suspended run's form; "" for a run that was suspended without one."""
    return str(_input_of(client, run, "description") or "")


def form_of(client: SyncPrefectClient, run: FlowRun) -> frozenset[str]:
    """Return the names of the fields of a suspended run's form."""
    return frozenset((_input_of(client, run, "schema") or {}).get("properties", ()))


def _input_of(client: SyncPrefectClient, run: FlowRun, kind: str) -> Any:
    keys = run.state.state_details.run_input_keyset if run.state else None
    key = (keys or {}).get(kind)
    return json.loads(client.read_flow_run_input(run.id, key)) if key else None


def is_last_line(line: Log) -> bool:
    """Whether it is what a flow run logs at its end; steps say the same of themselves."""
    return line.task_run_id is None and line.message.startswith(_FINISHED)


def _running(steps: Iterable[TaskRun]) -> str:
    names = [_name(step) for step in steps if step.state is not None and step.state.is_running()]
    return ", ".join(names)


def _line(step: TaskRun) -> str:
    good = step.state is not None and step.state.is_completed()
    mark = "[green]✓[/green]" if good else "[red]✗[/red]"
    return f"    {mark} {_name(step):<28} {step.total_run_time.total_seconds():6.1f} s"


def _reason(message: str | None) -> str:
    """Return the first line of a failed step's message, without Prefect's words before it."""
    return (message or "").removeprefix("Task run encountered an exception ").partition("\n")[0]


def _name(step: TaskRun) -> str:
    return step.name.rsplit("-", 1)[0]
