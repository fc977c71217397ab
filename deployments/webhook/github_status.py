"""Tells GitHub how the deployments end.

Source: GitHub REST API, "Deployments" and "Deployment statuses".
"""

from typing import Any

import httpx
from prefect.client.schemas.objects import FlowRun

from deployments.webhook.intake import Credentials
from deployments.webhook.queues import github_state
from deployments.webhook.runs import Runs
from deployments.webhook.service import DeliveryStore
from deployments.webhook.settings import WebhookSettings


class StatusReporter:
    """Reports each change of each run that the receiver started; goes on where it was after a restart."""

    def __init__(
        self, settings: WebhookSettings, credentials: Credentials, store: DeliveryStore, runs: Runs
    ) -> None:
        self._runs = runs
        self._settings = settings
        self._credentials = credentials
        self._store = store

    async def once(self) -> int:
        """Report what has changed; return how many statuses were sent.

        Raises:
            httpx.HTTPError: Prefect or GitHub did not take a request; the next round tries again.
        """
        token = await self._credentials.github()
        if not token:
            return 0
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        async with httpx.AsyncClient(
            base_url=self._settings.github_api, headers=headers, timeout=10
        ) as github:
            return sum([await self._report(github, run) for run in reversed(await self._runs.recent())])

    async def _report(self, github: httpx.AsyncClient, run: FlowRun) -> bool:
        repository, state = run.labels.get("webhook.repository"), _state(run)
        known = self._store.reported(str(run.id))
        if not repository or (known and known[1] == state):
            return False
        place = f"/repos/{repository}/deployments"
        deployment = known[0] if known else (await _post(github, place, _deployment(run)))["id"]
        self._store.report(str(run.id), deployment, known[1] if known else "")
        await _post(github, f"{place}/{deployment}/statuses", self._status(run, state))
        self._store.report(str(run.id), deployment, state)
        return True

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
