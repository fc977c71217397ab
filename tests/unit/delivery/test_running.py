"""Evidence in the logs of tasks that run."""

import pytest

from pipeline.delivery.model import Verification
from pipeline.delivery.running import RunningLogs, is_in_doubt, read_running, with_logs
from pipeline.ecs.model import Outcome

GOOD = Verification(Outcome.SUCCEEDED, "2 tasks healthy.")
TRACEBACK = (
    "Internal Server Error: /pay/17",
    "Traceback (most recent call last):",
    '  File "/app/pay/views.py", line 7, in pay',
    "    import requests",
    "ModuleNotFoundError: No module named 'requests'",
)
DEATHS = [
    "[2025-03-01 12:00:00 +0000] [1] [ERROR] Worker (pid:26) exited with code 9",
    "[2025-03-01 12:00:00 +0000] [1] [ERROR] Worker (pid:26) was sent SIGKILL! Perhaps out of memory?",
    "[2025-03-01 12:00:00 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:26)",
    "DAMN ! worker 2 (pid: 26) died, killed by signal 9 :( trying respawn ...",
    "INFO:     Child process [26] died",
]


@pytest.mark.parametrize("line", DEATHS)
def test_a_worker_that_dies_is_seen(line: str) -> None:
    """In the words of each server; twice for one process is one death."""
    found = read_running([("Booting worker with pid: 26", line, line)])
    assert len(found.deaths) == 1
    assert found.errors == {}


@pytest.mark.parametrize(
    "line",
    [
        "[1] [INFO] Worker exiting (pid: 26)",
        "[1] [INFO] Worker (pid:26) exited with code 0",
        "[1] [ERROR] Worker (pid:26) was sent SIGTERM!",
        "Autorestarting worker after current request.",
    ],
)
def test_a_worker_that_ends_as_it_should_is_no_death(line: str) -> None:
    """Servers replace their workers on purpose."""
    assert read_running([(line,)]).deaths == ()


def test_processes_that_keep_dying_make_a_release_unhealthy() -> None:
    """One may be chance, and is looked at again; those of the release before count for both."""
    one, two = RunningLogs(("worker 1 died",)), RunningLogs(("a", "worker 2 died"))
    assert is_in_doubt(one, RunningLogs())
    assert not is_in_doubt(two, RunningLogs())
    assert with_logs(GOOD, one, RunningLogs()).message == "2 tasks healthy. A process died: worker 1 died."
    found = with_logs(GOOD, two, RunningLogs())
    assert found.outcome is Outcome.UNHEALTHY
    assert found.message.startswith("Its processes die: worker 2 died (2 so far).")
    assert with_logs(GOOD, two, one).outcome is Outcome.SUCCEEDED


def test_a_task_that_ended_by_itself_counts_as_a_death() -> None:
    """ECS starts another one, and all looks well again."""
    assert read_running([], ["task 1: exit code 3"]).deaths == ("task 1: exit code 3",)


def test_new_errors_are_told_with_their_count() -> None:
    """They are no proof against the release, and stand in the sentence that says it is good."""
    now = read_running([TRACEBACK * 3, ("ERROR no cache on node 7",)])
    before = read_running([("ERROR no cache on node 12",)])
    found = with_logs(GOOD, now, before)
    assert found.outcome is Outcome.SUCCEEDED
    assert found.message == (
        "2 tasks healthy. New errors in its log: ModuleNotFoundError: No module named 'requests' (3 times)."
    )
