"""Runs of deployments in the test's own process."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.artifacts import Artifact
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from prefect.states import Pending


@dataclass
class Runs:
    """Starts runs, and answers those that ask."""

    client: SyncPrefectClient

    def begin(self, flow: Flow[..., Any], **parameters: Any) -> FlowRun:
        """Make a run of a deployment of the flow; it does not run yet."""
        flow_id = self.client.create_flow(flow)
        deployment = self.client.create_deployment(flow_id, "staging")
        given = {"environment": "staging", **parameters}
        return self.client.create_flow_run_from_deployment(deployment, parameters=given, state=Pending())

    def carry(self, flow: Flow[..., Any], run: FlowRun) -> State[Any]:
        """Let the run go on until its process would end; return its state."""
        run = self.client.read_flow_run(run.id)
        try:
            state = run_flow(flow, flow_run=run, parameters=run.parameters, return_type="state")
        except Pause:
            suspended = self.client.read_flow_run(run.id).state
            assert suspended is not None
            return suspended
        assert state.message, f"{flow.name} ends without a word"
        assert "encountered an exception" not in state.message, state.message
        return state

    def run(self, flow: Flow[..., Any], **parameters: Any) -> State[Any]:
        """Start a run and return the state in which its process ends."""
        return self.carry(flow, self.begin(flow, **parameters))

    def decide(self, flow: Flow[..., Any], run: FlowRun, **decision: Any) -> State[Any]:
        """Answer a suspended run, and let it go on."""
        answer = self.client.resume_flow_run(run.id, run_input=decision)
        assert answer.status.value == "ACCEPT", answer.details
        self.client.set_flow_run_state(run.id, Pending(), force=True)  # what a worker proposes
        return self.carry(flow, run)

    def artifact(self, state: State[Any], key: str) -> Any:
        """Return what the run showed under a key: a table's rows, or a page's text."""
        run: UUID | None = state.state_details.flow_run_id
        assert run is not None
        requested = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
        found: list[Artifact] = self.client.read_artifacts(artifact_filter=requested)  # type: ignore[assignment]
        (shown,) = [item for item in found if item.key == f"{key}-staging"]
        return json.loads(str(shown.data)) if shown.type == "table" else shown.data


def told(state: State[Any]) -> str:
    """Return what the state says."""
    return f"{state.name}: {state.message}"
