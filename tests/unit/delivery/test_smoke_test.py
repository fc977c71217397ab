"""A release in its smoke test: when it passes, when it fails, how soon, and what the failure says."""

from dataclasses import replace

import pytest
from tried_release import LINE, WANTED, Application, FakeLogs, FakeTasks, task, trial, tried

from pipeline.delivery.smoke_test import SmokeTest, SmokeTestError, is_fit
from pipeline.ecs.model import Task


def test_a_release_that_answers_well_passes() -> None:
    """It may refuse connections while it starts; in the end its task is stopped."""
    tasks = FakeTasks([task()])
    assert "good answers" in tried(tasks, Application([None, None, 200]))
    assert tasks.stopped == ["arn:task/cluster/1"]


def test_a_task_that_surveyed_before_is_judged_and_left_to_others() -> None:
    """No second one is started."""
    tasks = FakeTasks([task(health="HEALTHY")])
    assert "container health check" in trial(tasks).run(task())
    assert tasks.stopped == []


@pytest.mark.parametrize(
    ("seen", "fit"),
    [
        (task(), True),
        (task(health="HEALTHY"), True),
        (task(health="UNHEALTHY"), False),
        (task("STOPPED", exit_code=1), False),
    ],
)
def test_what_has_waited_too_long_is_not_judged(seen: Task, fit: bool) -> None:
    """Its checks failed while it waited, which says nothing of the release."""
    assert is_fit(FakeTasks([seen]), task()) is fit  # type: ignore[arg-type]


def test_a_failure_is_told_before_the_log_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last lines may take seconds to arrive."""
    said: list[str] = []
    monkeypatch.setattr("time.sleep", lambda seconds: said.append(f"{seconds:.0f} s"))
    gone = replace(task("STOPPED", exit_code=3), last_status="DEPROVISIONING")
    with pytest.raises(SmokeTestError):
        tried(FakeTasks([gone]), said=said.append)
    assert [line.partition(":")[0] for line in said][-2:] == ["Smoke-test task 1 stopped", "6 s"]


def test_a_healthy_container_passes_where_tasks_cannot_be_reached() -> None:
    """ECS's word on the container health check is enough."""
    assert "container health check" in tried(FakeTasks([task(health="HEALTHY")]))


@pytest.mark.parametrize(
    "ended",
    [
        task("STOPPED", exit_code=3),
        task("STOPPED", exit_code=0),
        replace(task("STOPPED", exit_code=3), last_status="DEPROVISIONING"),
    ],
)
def test_a_release_that_stops_fails_at_once(monkeypatch: pytest.MonkeyPatch, ended: Task) -> None:
    """After one round of asking, not after the whole time; also with exit code 0. Its log is in the error."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    application = Application([None])
    with pytest.raises(SmokeTestError, match=rf"exit code {ended.containers[0].exit_code}(.|\n)*{LINE}"):
        tried(FakeTasks([task(), task(), ended]), application)
    assert application.rounds <= 2


CRASH = (
    "Traceback (most recent call last):",
    '  File "x", line 1, in f',
    "a.B: no module",
    "[1] [INFO] Worker exiting",
)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            CRASH,
            "a.B: no module (x, line 1)\nThe release does not start. Smoke-test task 1 stopped: exit ",
        ),
        ((), "exit code 3: EssentialContainerExited\nThe release does not start. "),
        (("(no log: no rights)",), "exit code 3: EssentialContainerExited\nThe release does not start. "),
    ],
)
def test_the_cause_of_a_stop_comes_first(lines: tuple[str, ...], message: str) -> None:
    """What the application wrote, else ECS's reason; that it wrote nothing is said."""
    with pytest.raises(SmokeTestError) as caught:
        tried(FakeTasks([task(), task("STOPPED", exit_code=3)]), Application([None]), lines=lines)
    assert str(caught.value).startswith(message)
    assert ("It wrote nothing." in str(caught.value)) is (lines == ())


def test_a_release_on_another_port_is_told_by_its_log() -> None:
    """The answers say only that nothing listens."""
    listens = ("Listening at: http://0.0.0.0:8001 (1)", "ERROR no cache", *["asked"] * 16)
    with pytest.raises(SmokeTestError) as caught:
        tried(FakeTasks([task()]), Application([None]), lines=listens)
    first, second, third, fourth, *quoted = str(caught.value).splitlines()
    assert first.startswith(
        "Nothing can be reached on port 8000: by its log the application listens on port 8001."
    )
    assert second.startswith("ConnectError at http://10.0.0.1/health: ")
    assert third == "The smoke-test task does not answer well."
    assert fourth == "Its log says: no cache"
    assert quoted[-1] == "  asked (16 times)"


def test_a_release_that_answers_badly_fails_soon() -> None:
    """Fifteen seconds of bad answers are enough; the error has the last answer and the log."""
    application = Application([None, 500])
    tasks = FakeTasks([task()])
    with pytest.raises(SmokeTestError, match=rf"HTTP 500(.|\n)*{LINE}"):
        tried(tasks, application)
    assert 15 <= application.now <= 30
    assert tasks.stopped == ["arn:task/cluster/1"]


TRACEBACK = (
    "ERROR django.request: Internal Server Error: /",
    "Traceback (most recent call last):",
    '  File "/app/ledger/views.py", line 12, in overview',
    "    total = settings.VERSION",
    "AttributeError: 'Settings' object has no attribute 'VERSION'",
)


@pytest.mark.parametrize(
    ("lines", "first", "then"),
    [
        (TRACEBACK, "AttributeError: 'Settings' object has no attribute 'VERSION'", "HTTP 500 at "),
        (TRACEBACK[:1], "HTTP 500 at ", "Its log says: django.request: Internal Server Error: /"),
        ((), "HTTP 500 at ", "It wrote nothing."),
    ],
)
def test_an_answer_of_500_is_told_by_the_exception_behind_it(
    lines: tuple[str, ...], first: str, then: str
) -> None:
    """With file and line of the application's own code; a line without an exception stays behind."""
    with pytest.raises(SmokeTestError) as caught:
        tried(FakeTasks([task()]), Application([None, 500]), lines=lines)
    told = str(caught.value).splitlines()
    assert told[0].startswith(first)
    assert then in "\n".join(told[1:])
    assert ("ledger/views.py, line 12" in told[0]) is (lines == TRACEBACK)


def test_a_release_that_never_listens_gets_the_whole_time() -> None:
    """It may still be starting; what is waited for is said every fifteen seconds."""
    application, said = Application([None]), list[str]()
    with pytest.raises(SmokeTestError, match="ConnectError"):
        tried(FakeTasks([task()]), application, said.append)
    assert application.now >= 300
    assert sum("still waiting for a good answer" in line for line in said) == 19


@pytest.mark.parametrize(
    ("silence", "lines"),
    [("ReadTimeout: timed out", (LINE,)), ("ConnectError", ("Listening at: http://0.0.0.0:8001 (1)",))],
)
def test_a_release_that_has_started_and_cannot_answer_is_known_soon(
    silence: str, lines: tuple[str, ...]
) -> None:
    """It hangs, or it listens on another port: waiting on would not help."""
    application = Application([None], silence)
    with pytest.raises(SmokeTestError):
        tried(FakeTasks([task()]), application, lines=lines)
    assert application.now < 60


def test_a_page_that_fails_is_told_though_the_health_path_answers() -> None:
    """Health is often answered before any page is loaded."""
    tasks = FakeTasks([task()])
    with pytest.raises(SmokeTestError, match=r"^HTTP 500 at http://10.0.0.1/: 1 of 1 answers bad"):
        tried(tasks, Application([200, 500]))
    assert tasks.stopped == ["arn:task/cluster/1"]


def test_a_release_that_never_starts_fails_in_time() -> None:
    """Its task is stopped: it would start some day, and nobody would stop it."""
    tasks = FakeTasks([task("PENDING")])
    with pytest.raises(SmokeTestError, match=rf"still PENDING after 0 s(.|\n)*{LINE}"):
        SmokeTest(tasks, WANTED, FakeLogs(), None, 0, 8000, print, print).run()  # type: ignore[arg-type] # hand-written fakes
    assert tasks.stopped == ["arn:task/cluster/1"]


def test_an_unhealthy_container_fails() -> None:
    """Where ECS says so."""
    with pytest.raises(SmokeTestError, match="UNHEALTHY"):
        tried(FakeTasks([task(health="UNHEALTHY")]))


def test_what_a_killed_run_left_on_trial_is_stopped() -> None:
    """Nobody else would stop it."""
    said: list[str] = []
    tasks = FakeTasks([task()], behind=(replace(task(), arn="arn:task/cluster/old"),))
    tried(tasks, Application([200]), said.append)
    assert tasks.stopped == ["arn:task/cluster/old", "arn:task/cluster/1"]
    assert "Task old (smoke-test-app-2) was left behind" in said[0]
