"""A release on trial outside of the service, without AWS."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipeline.delivery.smoke_test import SmokeTest
from pipeline.ecs.model import Container, Task
from pipeline.ecs.oneoff import OneOff
from pipeline.health.model import Probe, ProbeReport, Reply

WANTED = OneOff("cluster", "app:2", "app", "smoke-test-app-2")
LINE = "a line of the log"


def task(status: str = "RUNNING", health: str = "UNKNOWN", exit_code: int | None = None) -> Task:
    """A task in its smoke test with one container."""
    container = Container("app", status, "image", None, exit_code, "", health)
    return Task(
        arn="arn:task/cluster/1",
        task_definition="app:2",
        started_by="smoke-test-app-2",
        last_status=status,
        health=health,
        created_at=datetime(2025, 1, 1, tzinfo=UTC),
        stop_code="EssentialContainerExited" if status == "STOPPED" else "",
        stopped_reason="",
        address="10.0.0.1",
        containers=(container,),
    )


@dataclass
class FakeTasks:
    """Shows one state of the task after the other, the last one for ever."""

    shown: list[Task]
    behind: tuple[Task, ...] = ()
    stopped: list[str] = field(default_factory=list)

    def start(self, requested: OneOff) -> Task:
        """Start it."""
        assert requested == WANTED
        return self.shown[0]

    def left_behind(self, started_by: str) -> tuple[Task, ...]:
        """Show what a killed run left."""
        assert started_by == "smoke-test-"
        return self.behind

    def describe(self, arn: str) -> Task:
        """Show the next state."""
        return self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]

    def stop(self, arn: str, reason: str) -> None:
        """Note that it was stopped."""
        self.stopped.append(arn)


@dataclass
class FakeLogs:
    """The same lines for every task."""

    lines: tuple[str, ...] = (LINE,)

    def tail(self, task: Task, container: str) -> tuple[str, ...]:
        """Return them."""
        return self.lines


@dataclass
class Application:
    """Answers rounds of asking from a script, the last one for ever; each round takes its whole window."""

    statuses: list[int | None]
    silence: str = "ConnectError"
    now: float = 0.0
    rounds: int = 0

    def ask(self, asked: Probe) -> ProbeReport:
        """Answer one round."""
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        self.rounds += 1
        self.now += asked.window
        fault = None if status == 200 else f"HTTP {status}" if status else self.silence
        return ProbeReport(asked.url, status == 200, (Reply(0.01, status, None, fault),))


def tried(
    tasks: FakeTasks,
    application: Application | None = None,
    said: Callable[[str], None] = lambda _: None,
    lines: tuple[str, ...] = (LINE,),
) -> str:
    """Try the release for at most 300 s; without an application the container health check decides."""
    return trial(tasks, application, said, lines).run()


def trial(
    tasks: FakeTasks,
    application: Application | None = None,
    said: Callable[[str], None] = lambda _: None,
    lines: tuple[str, ...] = (LINE,),
) -> SmokeTest:
    """Make the smoke test."""
    asked = application or Application([200])
    return SmokeTest(
        tasks,  # type: ignore[arg-type] # hand-written fakes
        WANTED,
        FakeLogs(lines),  # type: ignore[arg-type]
        None if application is None else questions,
        300,
        8000,
        said,
        said,
        asked.ask,
        lambda: asked.now,
    )


def questions(address: str) -> tuple[Probe, ...]:
    """The health path, and a page."""
    return Probe(f"http://{address}/health", window=300), Probe(f"http://{address}/", window=20)
