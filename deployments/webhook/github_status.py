"""Tells GitHub how the deployments end.

Source: GitHub REST API, "Deployments" and "Deployment statuses".
"""

from typing import Any

import httpx
from prefect.client.schemas.objects import FlowRun

from deployments.webhook.intake import Credentials
from deployments.webhook.observed import Metrics, log
from deployments.webhook.queues import github_state
from deployments.webhook.runs import Runs
from deployments.webhook.service import DeliveryStore
from deployments.webhook.settings import WebhookSettings

_PASSING = frozenset({401, 403, 408, 429})
"""Statuses of a 4xx that another token, right or time may change; any other is GitHub's last word."""
_GIVEN_UP = 0
"""In the place of the id of a deployment that GitHub would not make."""


class StatusReporter:
    """Reports each change of each run that the receiver started; goes on where it was after a restart."""

    def __init__(
        self,
        settings: WebhookSettings,
        credentials: Credentials,
        store: DeliveryStore,
        runs: Runs,
        metrics: Metrics,
    ) -> None:
        self._runs = runs
        self._metrics = metrics
        self._settings = settings
        self._credentials = credentials
        self._store = store

    async def once(self) -> None:
        """Report what has changed. What GitHub refuses for good is given up; a repository waits alone.

        Raises:
            httpx.HTTPError: Prefect or GitHub did not take a request; the next round tries again.
        """
        token = await self._credentials.github()
        if not token:
            return
        waits: dict[str, httpx.HTTPStatusError] = {}
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        async with httpx.AsyncClient(
            base_url=self._settings.github_api, headers=headers, timeout=10
        ) as github:
            for run in reversed(await self._runs.recent()):
                repository = str(run.labels.get("webhook.repository") or "")
                if repository and repository not in waits:
                    try:
                        await self._report(github, run, repository)
                    except httpx.HTTPStatusError as error:
                        if not self._gave_up(run, error.response.status_code):
                            waits[repository] = error
        if waits:
            raise next(iter(waits.values()))

    def _gave_up(self, run: FlowRun, status: int) -> bool:
        final = 400 <= status < 500 and status not in _PASSING
        if final:
            self._store.report(str(run.id), _GIVEN_UP, "")
            log("report-refused", flow_run=str(run.id), status=status)
        return final

    async def _report(self, github: httpx.AsyncClient, run: FlowRun, repository: str) -> None:
        state, known = _state(run), self._store.reported(str(run.id))
        if known and (known[0] == _GIVEN_UP or known[1] == state):
            return
        place = f"/repos/{repository}/deployments"
        deployment = known[0] if known else (await _post(github, place, _deployment(run)))["id"]
        self._store.report(str(run.id), deployment, known[1] if known else "")
        await _post(github, f"{place}/{deployment}/statuses", self._status(run, state))
        self._store.report(str(run.id), deployment, state)
        self._metrics.statuses.inc()

    def _status(self, run: FlowRun, state: str) -> dict[str, Any]:
        return {
            "state": state,
            "environment": run.labels["webhook.environment"],
            "log_url": f"{self._settings.ui_url}/runs/flow-run/{run.id}",
            "description": f"Flow run {run.name}: {run.state.name if run.state else 'Scheduled'}"[:140],
        }


def _state(run: FlowRun) -> str:
    return github_state(run.state.type.value if run.state else "SCHEDULED")


def _deployment(run: FlowRun) -> dict[str, Any]:
    """CI has had its say before: GitHub shall neither merge nor wait for checks."""
    return {
        "ref": run.labels["webhook.commit"],
        "environment": run.labels["webhook.environment"],
        "auto_merge": False,
        "required_contexts": [],
        "description": "vimbiso-pipeline",
    }


async def _post(github: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await github.post(path, json=body)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
