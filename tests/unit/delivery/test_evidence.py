"""What speaks for the cause of a failed rollout, and what could not be collected."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.delivery.evidence import collect_evidence
from pipeline.delivery.model import Evidence, TaskEvidence
from pipeline.ecs.model import Container, Service, ServiceEvent, Target, Task
from pipeline.ecs.service import EcsService
from pipeline.outputs import Outputs

BEGAN = datetime(2025, 3, 1, 12, tzinfo=UTC)
GROUP = "arn:targetgroup/web"
FAILED, OTHER = "app:8", "app:7"


def task(number: int, **changes: object) -> Task:
    """Return a task that stopped with exit code 3, started so many seconds after the rollout."""
    container = Container("app", "STOPPED", "", None, 3, "", "UNKNOWN")
    made = Task(
        arn=f"arn:task/{number}",
        task_definition=FAILED,
        started_by="ecs-svc/1",
        last_status="STOPPED",
        health="UNKNOWN",
        created_at=BEGAN + timedelta(seconds=number),
        stop_code="EssentialContainerExited",
        stopped_reason="exited",
        address=None,
        containers=(container,),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


RUNS = task(9, last_status="RUNNING", stop_code="", stopped_reason="", containers=(), health="UNHEALTHY")
REFUSED = AwsError("Describing: no rights")


@dataclass
class FakeService:
    """A service as ECS shows it; an AwsError instead of an answer is raised."""

    stopped: tuple[Task, ...] | AwsError = ()
    running: tuple[Task, ...] = ()
    health: dict[str, tuple[Target, ...]] | AwsError | None = None
    events: tuple[ServiceEvent, ...] | AwsError | None = None
    alarms: tuple[str, ...] = ()

    def triggered_alarms(self, since: datetime) -> tuple[str, ...]:
        """Return what ECS ended the deployment for."""
        return self.alarms

    def tasks(self, status: str) -> tuple[Task, ...]:
        """Return or refuse the tasks."""
        if isinstance(self.stopped, AwsError):
            raise self.stopped
        return self.stopped if status == "STOPPED" else self.running

    def targets(self, groups: tuple[str, ...]) -> dict[str, tuple[Target, ...]]:
        """Return or refuse the targets' health."""
        assert groups == (GROUP,)
        if isinstance(self.health, AwsError):
            raise self.health
        return self.health or {}

    def describe(self) -> Service | None:
        """Return or refuse the service."""
        if isinstance(self.events, AwsError):
            raise self.events
        return None if self.events is None else Service("web", "ACTIVE", 1, FAILED, (), True, self.events)


class NoLogs:
    """Access and client at once, which answers nothing: logs are lines that say why there are none."""

    def client(self, _: str) -> "NoLogs":
        """Return itself."""
        return self

    def describe_task_definition(self, **_: object) -> None:
        """Refuse."""
        raise AwsError("no logs")


def collected(service: FakeService) -> Evidence:
    """Collect what there is of the failed revision."""
    outputs = Outputs.model_construct(target_group_arns=(GROUP,), log_group="/g")
    access = cast("AwsAccess", NoLogs())
    return collect_evidence(access, cast("EcsService", service), outputs, FAILED, BEGAN)


def test_the_newest_failures_of_the_revision_come_first() -> None:
    """Stopped before running, newest first, three at most; other revisions and older tasks are not ours."""
    stopped = (
        task(1),
        task(3),
        task(2),
        task(4, task_definition=OTHER),
        task(5, created_at=BEGAN - timedelta(minutes=2)),
    )
    found = collected(FakeService(stopped, (RUNS,)))
    assert [item.task for item in found.tasks] == ["3", "2", "1"]
    assert found.headline.startswith("EssentialContainerExited; exited; container app exited with 3")
    assert found.lines()[:2] == [f"Task 3: {found.headline}", "  app | (no log: no logs)"]


EXITED = "EssentialContainerExited; container app exited with 3"


@pytest.mark.parametrize(
    ("reason", "logs", "headline"),
    [
        (EXITED, {"app": ("a.FooError: why", "bye")}, f"a.FooError: why ({EXITED})"),
        (EXITED, {"redis": ("Ready",), "app": ("no licence",)}, f"no licence ({EXITED})"),
        (EXITED, {"redis": ("Ready",), "app": ()}, EXITED),
        (EXITED, {"app": ("E: No module named x",)}, f"E: No module named x ({EXITED})"),
        ("RUNNING, health UNKNOWN", {"app": ("Booting",)}, ""),
        ("RUNNING, health UNKNOWN", {"app": ("ERROR no cache",)}, "no cache (RUNNING, health UNKNOWN)"),
        ("OutOfMemoryError; container app exited with 137", {"app": ("served",)}, None),
    ],
)
def test_the_headline_begins_with_the_cause(
    reason: str, logs: dict[str, tuple[str, ...]], headline: str | None
) -> None:
    """Last words count of a container that exited by itself; that a task runs explains nothing."""
    found = Evidence((TaskEvidence("1", reason, logs),), (), (), ())
    assert found.headline == (reason if headline is None else headline)


def test_the_log_of_a_task_is_told_shortly() -> None:
    """Repeated lines once, and silence is said."""
    logs = {"app": ("asked", "asked"), "redis": ()}
    assert Evidence((TaskEvidence("1", "RUNNING", logs),), (), (), ()).lines() == [
        "Task 1: RUNNING",
        "  app | asked (2 times)",
        "  redis wrote nothing",
    ]


def test_a_task_that_runs_is_told_by_its_health() -> None:
    """It has no reason to have stopped for."""
    (item,) = collected(FakeService((), (RUNS,))).tasks
    assert item.reason == "RUNNING, health UNHEALTHY"


def test_only_targets_that_are_not_healthy_and_events_of_the_rollout_speak() -> None:
    """A minute of the clocks' difference is allowed for."""
    targets = (
        Target(GROUP, "10.0.0.1", 80, "healthy", "", ""),
        Target(GROUP, "10.0.0.2", 80, "unhealthy", "Target.Timeout", "late"),
    )
    events = tuple(
        ServiceEvent(str(at), BEGAN + timedelta(seconds=at), f"event {at}") for at in (5, -50, -70)
    )
    found = collected(FakeService(health={GROUP: targets}, events=events))
    assert found.targets == ("10.0.0.2:80 is unhealthy: Target.Timeout late",)
    assert found.headline == found.targets[0]
    assert found.lines() == [
        "Target 10.0.0.2:80 is unhealthy: Target.Timeout late",
        "Event 12:00:05 event 5",
        "Event 11:59:10 event -50",
    ]


@pytest.mark.parametrize(
    "service", [FakeService(stopped=REFUSED), FakeService(health=REFUSED), FakeService(events=REFUSED)]
)
def test_what_cannot_be_collected_is_a_gap(service: FakeService) -> None:
    """The failure that is being explained must not be hidden by another."""
    found = collected(service)
    assert found.gaps == (str(REFUSED),)
    assert found.lines()[-1] == "Not collected: Describing: no rights"


def test_of_a_service_that_is_gone_there_is_no_evidence() -> None:
    """Nothing to say is no error."""
    found = collected(FakeService())
    assert (found.headline, found.lines()) == ("", [])


def test_the_alarm_that_ended_it_is_the_reason_where_no_task_failed() -> None:
    """ECS's own reason names no alarm; that a task runs is no reason."""
    found = collected(FakeService(alarms=("pay-5xx",)))
    assert found.headline == "In alarm: pay-5xx"
    assert "Alarm pay-5xx ended the deployment" in found.lines()
