"""The gates on what runs now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.delivery.model import GateSettings
from pipeline.delivery.verify import verify_primary, verify_running
from pipeline.ecs.model import Container, Deployment, EcsError, Outcome, Service, Target, Task
from pipeline.health.model import Probe, ProbeReport, Reply
from pipeline.outputs import Outputs

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
GROUP = "arn:aws:elasticloadbalancing:af-south-1:000000000000:targetgroup/web/1"
OUTPUTS = Outputs.model_construct(
    container="app", target_group_arns=(GROUP,), url="http://pay.test", load_balancer_dns="pay.test"
)
ASKED = Probe("http://pay.test/health/")
ONE_LOOK = GateSettings(window=0, soak=0)


class Running:
    """A service of one task."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = statuses

    def require(self) -> Service:
        """Return the service."""
        deployments = tuple(
            Deployment("ecs-svc/7", status, "app:7", "COMPLETED", "", 1, 1, 0, 0, NOW, NOW)
            for status in self.statuses
        )
        return Service("web", "ACTIVE", 1, "app:7", deployments, True)

    describe = require

    def tasks(self, status: str = "RUNNING") -> tuple[Task, ...]:
        """Return its task, of an image that nobody recorded."""
        container = Container("app", status, "", "sha256:any", None, "", "UNKNOWN")
        return (Task("t/1", "app:7", "ecs-svc/7", status, "UNKNOWN", NOW, "", "", "10.0.0.1", (container,)),)

    def targets(self, groups: tuple[str, ...]) -> dict[str, tuple[Target, ...]]:
        """Return its healthy target."""
        return dict.fromkeys(groups, (Target(GROUP, "10.0.0.1", 8000, "healthy", "", ""),))


class Gone(Running):
    """A service that is not there."""

    def require(self) -> Service:
        """Refuse."""
        raise EcsError("no service")


def test_whatever_runs_goes_through_the_gates() -> None:
    """No image is asked for: who deployed it does not matter."""
    asked: list[Probe] = []

    def ask(probe: Probe) -> ProbeReport:
        asked.append(probe)
        return ProbeReport(probe.url, healthy=True, replies=(Reply(0.01, 200),))

    found = verify_primary(Running("PRIMARY"), OUTPUTS, [ASKED], ONE_LOOK, 1, ask)
    assert found.outcome is Outcome.SUCCEEDED
    assert asked == [ASKED]


def test_without_a_primary_deployment_nothing_is_verified() -> None:
    """There is nothing to put through the gates."""
    found = verify_primary(Running(), OUTPUTS, [ASKED], ONE_LOOK, 1)
    assert found.outcome is Outcome.SUPERSEDED


def test_a_service_that_is_missing_is_told() -> None:
    """It is not taken for an unhealthy one."""
    with pytest.raises(EcsError, match="no service"):
        verify_running(Gone(), OUTPUTS, [ASKED], ONE_LOOK)


LONG_AGO, LATELY = NOW - timedelta(hours=1), NOW - timedelta(seconds=30)


def tasks(*states: tuple[str, datetime]) -> "Serving":
    """Return a service with a task for each target state and time of its start."""
    return Serving(states)


class Serving:
    """A service that wants two tasks."""

    def __init__(self, states: tuple[tuple[str, datetime], ...]) -> None:
        self.states = states

    def require(self) -> Service:
        """Return it, in the middle of a rollout."""
        moving = Deployment("ecs-svc/8", "PRIMARY", "app:8", "IN_PROGRESS", "", 2, 0, 0, 0, NOW, NOW)
        return Service("web", "ACTIVE", 2, "app:8", (moving,), True)

    def tasks(self, status: str = "RUNNING") -> tuple[Task, ...]:
        """Return its tasks, of whichever deployment."""
        return tuple(
            Task(f"t/{place}", "app:7", "ecs-svc/7", "RUNNING", "", at, "", "", f"10.0.0.{place}", ())
            for place, (_, at) in enumerate(self.states)
        )

    def targets(self, groups: tuple[str, ...]) -> dict[str, tuple[Target, ...]]:
        """Return their targets."""
        found = (
            Target(GROUP, f"10.0.0.{place}", 80, state, "", "")
            for place, (state, _) in enumerate(self.states)
        )
        return dict.fromkeys(groups, tuple(found))


@pytest.mark.parametrize(
    ("service", "outcome"),
    [
        pytest.param(
            tasks(("healthy", LONG_AGO), ("healthy", LONG_AGO), ("initial", LATELY)),
            "SUCCEEDED",
            id="rollout",
        ),
        pytest.param(tasks(("healthy", LONG_AGO), ("initial", LATELY)), "SUCCEEDED", id="scales out"),
        pytest.param(tasks(("healthy", LONG_AGO), ("initial", LONG_AGO)), "UNHEALTHY", id="never comes up"),
        pytest.param(tasks(("healthy", LONG_AGO)), "UNHEALTHY", id="one too few"),
        pytest.param(tasks(("initial", LATELY), ("initial", LATELY)), "UNHEALTHY", id="nobody is served"),
        pytest.param(
            tasks(("healthy", LONG_AGO), ("healthy", LONG_AGO), ("unhealthy", LONG_AGO)),
            "UNHEALTHY",
            id="ails",
        ),
    ],
)
def test_the_check_asks_whether_visitors_are_served(service: Serving, outcome: str) -> None:
    """A rollout and auto scaling are no fault: whichever tasks serve, they serve."""
    good = ProbeReport(ASKED.url, healthy=True, replies=(Reply(0.01, 200),))
    found = verify_running(service, OUTPUTS, [ASKED], ONE_LOOK, lambda: NOW, lambda _: good)
    assert found.outcome == outcome


def test_a_task_that_its_own_check_finds_unhealthy_is_a_fault() -> None:
    """The load balancer may find it well still."""

    class Ailing(Serving):
        def tasks(self, status: str = "RUNNING") -> tuple[Task, ...]:
            return tuple(replace(task, health="UNHEALTHY") for task in super().tasks(status))

    found = verify_running(
        Ailing((("healthy", LONG_AGO), ("healthy", LONG_AGO))), OUTPUTS, [ASKED], ONE_LOOK, lambda: NOW
    )
    assert found.outcome is Outcome.UNHEALTHY
    assert "UNHEALTHY by its container health check" in found.message
