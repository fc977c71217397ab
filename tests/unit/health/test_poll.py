"""Requests that are lost while a release rolls out."""

import pytest

from pipeline.health.model import Probe, ProbeReport, Reply
from pipeline.health.poll import Poll, tell_lost


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([], ""),
        ([(0.0, False), (1.0, True)], ""),
        ([(0.0, True)], "Of 1 request while it rolled out none was lost."),
        ([(0.0, True), (0.5, True)], "Of 2 requests while it rolled out none was lost."),
        ([(0.0, True), (1.0, False)], "Of 2 requests while it rolled out 1 was lost, for up to 1.0 s."),
        (
            [(0.0, True), (1.0, False), (4.0, False), (4.5, True), (5.0, False)],
            "Of 5 requests while it rolled out 3 were lost, for up to 4.5 s.",
        ),
    ],
)
def test_lost_requests_are_told(answers: list[tuple[float, bool]], told: str) -> None:
    """From the last good answer to the next; where nothing was served nothing is lost."""
    assert tell_lost(answers) == told


def test_a_visitor_asks_until_the_end() -> None:
    """One answer for each request, whatever the release."""
    asked: list[Probe] = []

    def ask(question: Probe) -> ProbeReport:
        asked.append(question)
        return ProbeReport(question.url, healthy=True, replies=(Reply(0.01, 200),))

    with Poll(Probe("http://x/", release="7"), ask, pace=0.01) as visitor:
        while len(asked) < 3:
            pass
    assert {(item.in_a_row, item.window, item.release) for item in asked} == {(1, 0, None)}
    count = len(asked)
    assert visitor.message == f"Of {count} requests while it rolled out none was lost."
    assert len(asked) == count
