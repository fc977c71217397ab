"""The gates after a rollout."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from pipeline.aws.errors import AwsError
from pipeline.delivery.model import GateSettings
from pipeline.delivery.verify import verify
from pipeline.ecs.model import Container, Deployment, Outcome, Service, Target, Task
from pipeline.health.model import Probe, ProbeReport, Reply

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
GROUP = "arn:aws:elasticloadbalancing:af-south-1:000000000000:targetgroup/web/1"
GOOD = ProbeReport("http://x/health/", healthy=True, replies=(Reply(0.01, 200),) * 5)
BAD = ProbeReport("http://x/health/", healthy=False, replies=(Reply(0.01, 500, fault="HTTP 500"),))


HEALTH = Probe("http://x/health/")


def look(state: str = "healthy", primary: str = "ecs-svc/1", digest: str = "sha256:8") -> "Look":
    """One task of the deployment, in one target group."""
    deployment = Deployment(primary, "PRIMARY", "app:8", "COMPLETED", "", 1, 1, 0, 0, NOW, NOW)
    container = Container("app", "RUNNING", "", digest, None, "", "UNKNOWN")
    task = Task("t/1", "app:8", primary, "RUNNING", "UNKNOWN", NOW, "", "", "10.0.0.1", (container,))
    target = Target(GROUP, "10.0.0.1", 8000, state, "", "")
    return Look(Service("web", "ACTIVE", 1, "app:8", (deployment,), True), task, target)


class Look:
    """What one look at the service sees."""

    def __init__(self, service: Service, task: Task, target: Target) -> None:
        self.service, self.task, self.target = service, task, target


class ScriptedReader:
    """Answers each look from a script; the last look stays."""

    def __init__(self, *looks: "Look | AwsError") -> None:
        self._looks: Iterator[Look | AwsError] = iter(looks)
        self._now = looks[0]

    def describe(self) -> Service:
        """Go on to the next look."""
        self._now = next(self._looks, self._now)
        if isinstance(self._now, AwsError):
            raise self._now
        return self._now.service

    def tasks(self, status: str = "RUNNING") -> tuple[Task, ...]:
        """Return the task of this look."""
        assert isinstance(self._now, Look)
        return (self._now.task,)

    def targets(self, groups: tuple[str, ...]) -> dict[str, tuple[Target, ...]]:
        """Return the target of this look."""
        assert isinstance(self._now, Look)
        return dict.fromkeys(groups, (self._now.target,))


def judged(
    *looks: "Look | AwsError", answer: ProbeReport = GOOD, bad_at: tuple[int, ...] = ()
) -> tuple[Outcome, str]:
    """Go through the gates with a clock that each sleep moves on; some answers in the soak are bad."""
    clock, asked_in_soak = [0.0], [0]

    def ask(asked: Probe) -> ProbeReport:
        if asked.url == HEALTH.url or asked.window:
            return answer
        asked_in_soak[0] += 1
        return BAD if asked_in_soak[0] in bad_at else answer

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    found = verify(
        ScriptedReader(*looks),
        "ecs-svc/1",
        "sha256:8",
        "app",
        (GROUP,),
        (HEALTH, Probe("http://x/")),
        GateSettings(window=30, soak=5, interval=1),
        ask=ask,
        sleep=sleep,
        clock=lambda: clock[0],
    )
    return found.outcome, found.message


def test_all_gates_open() -> None:
    """Right task, healthy target, good answers, and still so after the soak."""
    outcome, message = judged(look())
    assert outcome is Outcome.SUCCEEDED
    assert "1 tasks healthy in every target group" in message


def test_a_target_may_take_its_time() -> None:
    """An initial target is waited for; an API that fails meanwhile is asked again."""
    assert judged(look("initial"), AwsError("throttled"), look())[0] is Outcome.SUCCEEDED


def test_a_target_that_stays_unhealthy() -> None:
    """The window ends with what was wrong last."""
    outcome, message = judged(look("unhealthy"))
    assert outcome is Outcome.UNHEALTHY
    assert "10.0.0.1 is unhealthy in target group web" in message


def test_another_image() -> None:
    """A task that runs another digest is not the release."""
    outcome, message = judged(look(digest="sha256:7"))
    assert outcome is Outcome.UNHEALTHY
    assert "sha256:7 instead of sha256:8" in message


def test_one_bad_answer_in_the_soak_is_told() -> None:
    """A single one is no proof; the count says what was asked."""
    outcome, message = judged(look(), bad_at=(2,))
    assert outcome is Outcome.SUCCEEDED
    good, asked = map(int, re.search(r"(\d+) of (\d+) answers good", message).groups())
    assert asked - good == 1


@pytest.mark.parametrize("bad_at", [(1, 2), (1, 4), (3, 4), (2, 3, 4)])
def test_answers_that_become_bad_in_the_soak(bad_at: tuple[int, ...]) -> None:
    """What was healthy for three seconds is no good release."""
    outcome, message = judged(look(), bad_at=bad_at)
    assert outcome is Outcome.UNHEALTHY
    assert message.startswith("HTTP 500 at http://x/: 2 of ")
    assert message.endswith("It answered well at first.")


def test_bad_answers() -> None:
    """Healthy targets are no excuse for bad answers."""
    outcome, message = judged(look(), answer=BAD)
    assert outcome is Outcome.UNHEALTHY
    assert "HTTP 500" in message


def test_superseded_ends_at_once() -> None:
    """Somebody else's deployment is PRIMARY: nothing to wait for."""
    assert judged(look(primary="ecs-svc/2"))[0] is Outcome.SUPERSEDED


def test_superseded_during_the_soak() -> None:
    """What was good before the soak must be so after it."""
    outcome, message = judged(look(), look(primary="ecs-svc/2"))
    assert outcome is Outcome.SUPERSEDED
    assert message.startswith("After the soak:")


def test_an_unreachable_api_proves_nothing() -> None:
    """Out of time without an answer is UNKNOWN, never a failure."""
    assert judged(AwsError("connection refused")) == (Outcome.UNKNOWN, "connection refused")


def test_credentials_that_expire_at_the_gate_are_not_waited_for() -> None:
    """Looks that follow are not taken: a healthy one would otherwise be found."""
    expired = AwsError("expired", "ExpiredTokenException")
    assert judged(look("initial"), expired, look()) == (Outcome.UNKNOWN, "expired")
