"""What becomes of a report that GitHub refuses."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun

from deployments.webhook import github_status
from deployments.webhook.github_status import StatusReporter
from deployments.webhook.intake import Credentials
from deployments.webhook.observed import Metrics
from deployments.webhook.service import DeliveryStore
from deployments.webhook.settings import WebhookSettings


class ListedReports:
    """GitHub as the reporter asks it, and a reporter."""

    def __init__(self, state: Path, answers: dict[str, int]) -> None:
        """``answers`` are statuses by repository; others are taken."""
        self.answers, self.asked, self.metrics = answers, list[str](), Metrics()
        self.runs: list[FlowRun] = []
        self.store = DeliveryStore(state / "webhook.db", 1000)
        settings = WebhookSettings.model_construct(
            github_token="word", github_api="http://github.test", secret_file=None, prefect_ui="http://ui"
        )
        made: Any = self
        self.reporter = StatusReporter(settings, Credentials(settings), self.store, made, self.metrics)

    def add(self, repository: str) -> None:
        """Have the receiver start a run, which is the newest."""
        labels = {"webhook.repository": repository, "webhook.commit": "c", "webhook.environment": "staging"}
        run = FlowRun(id=uuid4(), flow_id=uuid4(), labels={**labels, "webhook.order": 0.0})
        self.runs.insert(0, run)

    async def recent(self) -> list[FlowRun]:
        """Return the runs, newest first."""
        return self.runs

    def take(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        repository = "/".join(request.url.path.split("/")[2:4])
        self.asked.append(repository)
        return httpx.Response(self.answers.get(repository, 201), json={"id": 7}, request=request)

    def round(self) -> list[str]:
        """Look once; return what was asked, and an error's status at the end."""
        self.asked.clear()
        try:
            asyncio.run(self.reporter.once())
        except httpx.HTTPStatusError as error:
            self.asked.append(str(error.response.status_code))
        return list(self.asked)


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ListedReports]:
    """Three runs of two repositories, the oldest of one that GitHub answers as the test says."""
    made = ListedReports(tmp_path, {})
    for repository in ("acme/typo", "acme/pay", "acme/typo"):
        made.add(repository)
    real = httpx.AsyncClient

    def client(**given: Any) -> httpx.AsyncClient:
        return real(**given, transport=httpx.MockTransport(made.take))

    monkeypatch.setattr(github_status.httpx, "AsyncClient", client)
    yield made
    made.store.close()


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_refused_report_keeps_no_other_back(
    reports: ListedReports, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each run of the repository is tried once, given up and logged; the other's are sent."""
    reports.answers["acme/typo"] = status
    assert reports.round() == ["acme/typo", "acme/pay", "acme/pay", "acme/typo"]
    assert capsys.readouterr().out.count("report-refused") == 2
    assert b"webhook_statuses_total 1.0" in reports.metrics.text()
    reports.answers.clear()
    assert reports.round() == []


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_may_pass_is_tried_again_and_the_others_are_sent(reports: ListedReports, status: int) -> None:
    """The repository is asked once in a round, which counts as failed."""
    reports.answers["acme/typo"] = status
    assert reports.round() == ["acme/typo", "acme/pay", "acme/pay", str(status)]
    assert reports.round() == ["acme/typo", str(status)]
    reports.answers.clear()
    assert reports.round() == ["acme/typo"] * 4
    assert reports.round() == []
