"""Asking the health path until it answers well often enough."""

import math
from collections.abc import Callable

import httpx
import pytest
from support.clock import FakeTime

from pipeline.health.codes import HealthCodes
from pipeline.health.model import Probe, ProbeReport, Reply
from pipeline.health.probe import judge, probe

GOOD = httpx.Response(200, json={"release": "r2"})
WANTED = Probe("http://app.test/health/", in_a_row=3, window=10, interval=1)


BALANCER = "No task answers: the load balancer says so while it has no healthy target"
Answer = Callable[[httpx.Request], httpx.Response]


def ask(answer: Answer, requested: Probe = WANTED, time: FakeTime | None = None) -> ProbeReport:
    """Probe an application that answers like this."""
    time = time or FakeTime()

    def fresh(request: httpx.Request) -> httpx.Response:
        found = answer(request)
        return httpx.Response(
            found.status_code, headers=found.headers, stream=httpx.ByteStream(found.content)
        )

    return probe(requested, httpx.MockTransport(fresh), time.sleep, time.clock)


def script(*answers: httpx.Response | Exception) -> Answer:
    """Return an application that answers in this order, and then the last answer for ever."""
    rest = iter(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        found = next(rest, answers[-1])
        if isinstance(found, Exception):
            raise found
        return found

    return answer


def faults(report: ProbeReport) -> list[str | None]:
    """Return the faults in the order of the answers."""
    return [reply.fault for reply in report.replies]


def test_enough_good_answers_in_a_row() -> None:
    """Three good answers are enough, and are not waited for longer than needed."""
    time = FakeTime()
    report = ask(script(GOOD), time=time)
    assert report.healthy
    assert [(reply.status, reply.release, reply.fault) for reply in report.replies] == [(200, "r2", None)] * 3
    assert time.slept == [0.2, 0.2]
    assert report.message.startswith("http://app.test/health/: 3 good answers, p50 ")


def test_a_bad_answer_starts_the_count_anew() -> None:
    """Good answers count only in a row."""
    report = ask(script(GOOD, GOOD, httpx.Response(503), GOOD))
    assert faults(report) == [None, None, "HTTP 503", None, None, None]
    assert report.healthy


def test_the_window_ends_the_asking() -> None:
    """Who is still on the way, or may be, is asked until the window is over."""
    time = FakeTime()
    report = ask(script(httpx.Response(502)), time=time)
    assert not report.healthy
    assert len(report.replies) == 11
    assert report.message == f"HTTP 502 at http://app.test/health/: 11 of 11 answers bad. {BALANCER}."


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([500], 6),
        ([404], 6),
        ([301], 6),
        ([502, 502, 500], 7),
        ([500, 500, 500, 503, 500], 9),
        ([500, 200, 500], 8),
        ([500, 500, 500, 500, 500, 200], 8),
    ],
)
def test_the_applications_own_errors_end_the_asking(answers: list[int], asked: int) -> None:
    """Five seconds of nothing but its own errors are proof enough; any other answer starts them again."""
    report = ask(script(*[httpx.Response(status) for status in answers]))
    assert len(report.replies) == asked
    assert report.healthy is (answers[-1] == 200)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (httpx.ConnectError("refused"), "Nothing listens on port 80"),
        (httpx.ReadTimeout(""), "No answer within 0 s (ReadTimeout)"),
        (httpx.RemoteProtocolError("cut"), "RemoteProtocolError: cut"),
    ],
)
def test_network_errors_are_bad_answers(error: Exception, fault: str) -> None:
    """What happens on the network is said, never raised."""
    report = ask(script(error, GOOD))
    assert report.healthy
    assert (report.replies[0].status, report.replies[0].fault) == (None, fault)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (GOOD, None),
        (httpx.Response(200, json={"release": "r1"}), "release r1 answers instead of r2"),
        (httpx.Response(200, json={"ok": True}), None),
        (httpx.Response(200, json=["r1"]), None),
        (httpx.Response(200, text="fine"), None),
        (httpx.Response(301, headers={"Location": "/"}), "HTTP 301 to /"),
        (httpx.Response(404, json={"release": "r2", "message": "no"}), "HTTP 404 (no)"),
    ],
)
def test_which_answers_are_good(answer: httpx.Response, fault: str | None) -> None:
    """2xx is good; where the answer names a release it must be the wanted one."""
    requested = Probe("http://app.test/", release="r2", in_a_row=1, window=0)
    assert faults(ask(script(answer), requested)) == [fault]


@pytest.mark.parametrize(("status", "healthy"), [(204, True), (301, True), (302, False), (200, False)])
def test_the_probe_accepts_what_the_target_group_does(status: int, healthy: bool) -> None:
    """One rule for all who ask: a release that one of them takes would fail with the other."""
    requested = Probe("http://app.test/", codes=HealthCodes.parse("204,301"), in_a_row=1, window=0)
    assert ask(script(httpx.Response(status, headers={"Location": "/x"})), requested).healthy is healthy


@pytest.mark.parametrize(
    ("requested", "fault"),
    [
        (Probe("http://app.test/", text="Pay", in_a_row=1, window=0), "HTTP 200 without 'Pay' (Sorry)"),
        (Probe("http://app.test/", text="orr", in_a_row=1, window=0), None),
        (
            Probe("http://app.test/", slowest=0.0, in_a_row=1, window=0),
            "the answer took 0.0 s, and may take 0 s",
        ),
    ],
)
def test_a_page_may_want_words_and_a_pace(requested: Probe, fault: str | None) -> None:
    """An accepted status alone is not enough for a smoke path."""
    assert faults(ask(script(httpx.Response(200, text="<p>Sorry</p>")), requested)) == [fault]


def test_a_task_is_asked_as_by_a_load_balancer() -> None:
    """It takes a visitor's HTTPS for granted."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("X-Forwarded-Proto"))
        return GOOD

    for https in (True, False):
        ask(answer, Probe("http://app.test/", https=https, in_a_row=1, window=0))
    assert seen == ["https", None]


def test_a_redirect_is_not_followed() -> None:
    """The load balancer does not follow it either; where it leads and why is told."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(302, headers={"Location": "https://app.test/health/?next=SECRET"})

    report = ask(answer, Probe("http://app.test/health/", in_a_row=1, window=0))
    assert seen == ["/health/"]
    assert report.message.startswith("HTTP 302 to https://app.test/health/ at http://app.test/health/: ")
    assert "Most likely Django's SECURE_SSL_REDIRECT" in report.message
    assert "SECRET" not in report.message


def test_a_refused_connection_names_the_port() -> None:
    """The most frequent slip: the application listens somewhere else."""
    refused = script(httpx.ConnectError("[Errno 111] Connection refused"))
    report = ask(refused, Probe("http://10.0.0.7:8000/health/", in_a_row=1, window=0))
    assert report.message.startswith("Nothing listens on port 8000 at http://10.0.0.7:8000/health/: ")


def test_any_release_is_good_where_none_is_wanted() -> None:
    """Scheduled checks do not know which release runs."""
    requested = Probe("http://app.test/", in_a_row=1, window=0)
    assert ask(script(httpx.Response(200, json={"release": "r1"})), requested).healthy


def test_the_host_header_is_the_public_name() -> None:
    """The load balancer chooses by Host, wherever the request is sent."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["Host"], request.url.host))
        return GOOD

    assert ask(answer, Probe("http://127.0.0.1/", host="app.example", in_a_row=1)).healthy
    assert ask(answer, Probe("http://app.test/", in_a_row=1)).healthy
    assert seen == [("app.example", "127.0.0.1"), ("app.test", "app.test")]


def reply(seconds: float, fault: str | None = None) -> Reply:
    """Return an answer that took so long."""
    return Reply(seconds, 200, fault=fault)


def test_judge_looks_at_the_newest_alone() -> None:
    """Old faults are forgiven; too few answers are not enough."""
    good, bad = reply(1), reply(1, "bad")
    assert judge([bad, good, good], 2)
    assert not judge([good, good, bad], 2)
    assert not judge([good], 2)


def test_percentile_of_good_answers() -> None:
    """Bad answers do not count; without good ones there is no latency."""
    report = ProbeReport("u", True, (*(reply(n / 10) for n in range(10)), reply(99, "bad")))
    assert report.percentile(0.5) == 0.5
    assert report.percentile(1.0) == 0.9
    assert math.isnan(ProbeReport("u", False, (reply(1, "bad"),)).percentile(0.5))


def test_a_report_without_answers() -> None:
    """A report that holds no answer says so."""
    assert ProbeReport("u", False, ()).message == "no answer at u: 0 of 0 answers bad."
