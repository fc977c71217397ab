"""An ECS service with rolling deployments: scheduler, circuit breaker, deployment alarms, and the way back.

Sources: Amazon ECS developer guide, "Deploy Amazon ECS services by replacing tasks", "How the Amazon ECS
deployment circuit breaker detects failures", "How CloudWatch alarms detect Amazon ECS deployment failures";
Amazon ECS API reference, Deployment and ServiceDeployment.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from region_clock import Clock, Event
from region_pace import Pace
from region_tasks import Task, Tasks

BREAKER = "ECS deployment circuit breaker"
_MAXIMUM_PERCENT = 200


@dataclass
class Deployment:
    """One deployment of the service."""

    id: str
    definition: str
    created: float
    alarms: tuple[str, ...]
    """Alarms that it is watched by."""
    state: str = "IN_PROGRESS"
    reason: str = ""
    updated: float = 0.0
    failed: int = 0
    triggered: tuple[str, ...] = ()
    rolled_back_to: str = ""
    stopped_by_hand: bool = False
    finishing: Event | None = None
    """Its end, once all its tasks are healthy and no other's are left."""

    @property
    def moving(self) -> bool:
        """Whether it has not come to an end."""
        return self.state == "IN_PROGRESS"


@dataclass
class Settings:
    """Deployment configuration of the service."""

    breaker: bool = True
    breaker_rolls_back: bool = True
    alarms: tuple[str, ...] = ()
    alarms_roll_back: bool = True
    strategy: str = "ROLLING"


@dataclass
class Service:
    """The one service of the cluster, and its scheduler."""

    clock: Clock
    pace: Pace
    tasks: Tasks
    name: str
    start_task: Callable[[str, str], Task | None]
    """Start a task of a definition for a deployment; None where there is no capacity."""
    in_alarm: Callable[[], set[str]]
    settings: Settings = field(default_factory=Settings)
    desired: int = 0
    deployments: list[Deployment] = field(default_factory=list)
    """Newest first; the first is PRIMARY."""
    history: list[Deployment] = field(default_factory=list)
    """All that ever were, oldest first."""
    events: list[dict[str, Any]] = field(default_factory=list)
    launches: int = 0
    """Starts that are due."""
    begun: Callable[[Deployment], None] = lambda _: None
    """Told of each deployment that begins."""
    ended: Callable[[Deployment], None] = lambda _: None

    def __post_init__(self) -> None:
        """Hear of its tasks."""
        self.tasks.changed = self._changed
        self._watching: Event | None = None

    @property
    def group(self) -> str:
        """Group of its tasks."""
        return f"service:{self.name}"

    @property
    def primary(self) -> Deployment:
        """The deployment that the service moves to, or has reached."""
        return self.deployments[0]

    def of(self, deployment: Deployment) -> list[Task]:
        """Return a deployment's tasks whose container has not ended."""
        return [task for task in self.tasks.alive(self.group) if task.started_by == deployment.id]

    def deploy(self, definition: str, reason: str = "") -> Deployment:
        """Begin a deployment; the one before becomes ACTIVE, whatever it had come to."""
        number = len(self.history) + 1
        watched = () if set(self.settings.alarms) & self.in_alarm() else self.settings.alarms
        made = Deployment(f"ecs-svc/{number:019d}", definition, self.clock.seconds, watched)
        made.reason = reason or f"ECS deployment {made.id} in progress."
        made.updated = self.clock.seconds
        if self.deployments and self.primary.finishing:
            self.primary.finishing.cancel()
        self.deployments.insert(0, made)
        self.history.append(made)
        self.tell(f"(service {self.name}) has begun deployment {made.id}.")
        self.begun(made)
        self._soon()
        self._watch_alarms()
        return made

    def scale(self, desired: int) -> None:
        """Want another count of tasks; that begins no deployment."""
        if desired != self.desired:
            self.desired = desired
            self._soon()

    def tell(self, text: str) -> None:
        """Write an event of the service."""
        event = {"id": f"{len(self.events)}", "createdAt": self.clock.now(), "message": text}
        self.events.insert(0, event)

    def _soon(self) -> None:
        self.clock.at(0, self._schedule)

    def _changed(self, task: Task) -> None:
        if task.group != self.group:
            return
        primary = self.primary
        if task.started_by == primary.id and primary.moving and _failed(task):
            primary.failed += 1
            if self.settings.breaker and primary.failed >= self._threshold:
                self._fail(
                    primary, f"{BREAKER}: tasks failed to start.", rolls_back=self.settings.breaker_rolls_back
                )
        if task.wanted and task.health == "UNHEALTHY":
            said = "Task failed ELB health checks" if task.target else "Task failed container health checks"
            self.tasks.stop(task, "ServiceSchedulerInitiated", f"{said} in (target-group app)")
        self._soon()

    @property
    def _threshold(self) -> int:
        return min(max(math.ceil(0.5 * self.desired), 3), 200)

    def _schedule(self) -> None:
        primary = self.primary
        ours = self.of(primary)
        wanted = [task for task in ours if task.wanted]
        others = [task for task in self.tasks.alive(self.group) if task.started_by != primary.id]
        self._start_missing(primary, len(wanted), len(ours) + len(others))
        for task in wanted[self.desired :]:
            self.tasks.stop(task, "ServiceSchedulerInitiated", "Scaling activity initiated by deployment")
        self._stop_old(primary, wanted, others)
        self._forget(primary)
        self._finish(primary, wanted, ours, others)

    def _start_missing(self, primary: Deployment, wanted: int, all_: int) -> None:
        if primary.state == "FAILED":
            return
        room = max(self.desired, self.desired * _MAXIMUM_PERCENT // 100) - all_ - self.launches
        for _ in range(max(0, min(self.desired - wanted - self.launches, room))):
            self.launches += 1
            backoff = min(4 ** max(0, primary.failed - 1), 60) if primary.failed else 0
            self.clock.at(self.tasks.draw(self.pace.schedule) + backoff, self._launch)

    def _launch(self) -> None:
        """Start one task, of whatever is PRIMARY by now."""
        self.launches -= 1
        primary = self.primary
        if primary.state == "FAILED" or sum(task.wanted for task in self.of(primary)) >= self.desired:
            return
        if self.start_task(primary.definition, primary.id) is None:
            self.tell(f"(service {self.name}) was unable to place a task. Reason: Capacity is unavailable.")
            self.clock.at(30, self._schedule)

    def _stop_old(self, primary: Deployment, wanted: list[Task], others: list[Task]) -> None:
        """Stop what the new tasks replace, as far as enough healthy ones stay."""
        if primary.state == "FAILED":
            return
        healthy = sum(task.ready for task in wanted)
        serving = [task for task in others if task.wanted]
        for task in sorted(serving, key=lambda item: item.ready):
            left = sum(item.ready for item in serving if item is not task and item.wanted)
            if not task.ready or healthy + left >= self.desired:
                self.tasks.stop(task, "ServiceSchedulerInitiated", "Scaling activity initiated by deployment")

    def _forget(self, primary: Deployment) -> None:
        """List no deployment of which nothing is left."""
        self.deployments = [item for item in self.deployments if item is primary or self.of(item)]

    def _finish(self, primary: Deployment, wanted: list[Task], ours: list[Task], others: list[Task]) -> None:
        settled = (
            not others and len(ours) == len(wanted) == self.desired and all(task.ready for task in wanted)
        )
        if not primary.moving or not settled:
            if primary.finishing:
                primary.finishing.cancel()
                primary.finishing = None
            return
        if primary.finishing is None:
            seconds = self.tasks.draw(self.pace.steady) if self.desired else 1.0
            seconds += self.pace.bake if primary.alarms and self.desired else 0
            primary.finishing = self.clock.at(seconds, lambda: self._complete(primary))

    def _complete(self, deployment: Deployment) -> None:
        if deployment is self.primary and deployment.moving:
            deployment.state, deployment.updated = "COMPLETED", self.clock.seconds
            deployment.reason = f"ECS deployment {deployment.id} completed."
            self.tell(f"(service {self.name}) has reached a steady state.")
            self.ended(deployment)

    def _watch_alarms(self) -> None:
        """Look at the alarms every few seconds while a deployment moves."""
        if self._watching:
            self._watching.cancel()
        if self.primary.moving and self.primary.alarms:
            self._watching = self.clock.at(10, self._hear_alarms)

    def _hear_alarms(self) -> None:
        primary = self.primary
        red = tuple(sorted(set(primary.alarms) & self.in_alarm()))
        if primary.moving and red:
            primary.triggered = red
            self._fail(
                primary, "ECS deployment failed: alarm detected.", rolls_back=self.settings.alarms_roll_back
            )
        self._watch_alarms()

    def _fail(self, deployment: Deployment, reason: str, *, rolls_back: bool) -> None:
        deployment.state, deployment.reason, deployment.updated = "FAILED", reason, self.clock.seconds
        if deployment.finishing:
            deployment.finishing.cancel()
        self.tell(f"(service {self.name}) (deployment {deployment.id}) deployment failed: {reason}")
        self.ended(deployment)
        if rolls_back:
            self.roll_back(deployment)

    def roll_back(self, failed: Deployment) -> None:
        """Return to the last deployment that was COMPLETED, if there is one."""
        good = next((item for item in reversed(self.history) if item.state == "COMPLETED"), None)
        if good is not None:
            failed.rolled_back_to = good.definition
            made = self.deploy(good.definition, f"{BREAKER}: rolling back to deploymentId {good.id}.")
            made.alarms = ()

    def stop_deployment(self) -> None:
        """Take the deployment under way back, as StopServiceDeployment does."""
        primary = self.primary
        if primary.moving:
            primary.stopped_by_hand = True
            self._fail(primary, "ECS deployment was stopped by a user.", rolls_back=True)


def _failed(task: Task) -> bool:
    """Whether a task that just changed ended, or ails, by itself."""
    ended = not task.alive and task.stop_code in ("EssentialContainerExited", "TaskFailedToStart")
    return ended or (task.wanted and task.health == "UNHEALTHY")
