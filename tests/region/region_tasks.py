"""Tasks on Fargate: their states, one after the other, and how they end.

Source: Amazon ECS developer guide, "Amazon ECS task lifecycle" (PROVISIONING, PENDING, ACTIVATING, RUNNING,
DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED) and "Stopped tasks error codes"; Elastic Load Balancing
user guide, "Health checks for your target groups".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from region_application import Behaviour
from region_clock import Clock, Event
from region_pace import Pace, Range

_ENDED = "Essential container in task exited"
_UNHEALTHY = "Task failed container health checks"


@dataclass
class Task:
    """One task; its container is the only essential one."""

    arn: str
    definition: str
    image: str
    container: str
    started_by: str
    group: str
    created: Any
    behaviour: Behaviour
    visible: float
    """When ECS's lists have it."""
    command: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    address: str = ""
    status: str = "PROVISIONING"
    desired: str = "RUNNING"
    container_status: str = "PENDING"
    health: str = "UNKNOWN"
    target: str = ""
    """State of its target; "" where it is not registered."""
    answers: bool = False
    """Whether its port answers."""
    exit_code: int | None = None
    stop_code: str = ""
    reason: str = ""
    container_reason: str = ""
    stopped: float | None = None
    job: Any = None
    events: list[Event] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Last part of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def alive(self) -> bool:
        """Whether its container runs or is to run."""
        return self.container_status != "STOPPED"

    @property
    def wanted(self) -> bool:
        """Whether nobody has told it to end."""
        return self.alive and self.desired == "RUNNING"

    @property
    def ready(self) -> bool:
        """Whether ECS counts it as healthy in its service."""
        return self.wanted and self.target == "healthy" and self.health == "HEALTHY"


class Tasks:
    """All tasks of a cluster; ``changed`` hears of each that became healthy, unhealthy or ended."""

    def __init__(self, clock: Clock, pace: Pace, containers: Any, logs: Any) -> None:
        self.clock, self.pace = clock, pace
        self.containers, self.logs = containers, logs
        self.all: dict[str, Task] = {}
        self._living: list[Task] = []
        self.changed: Callable[[Task], None] = lambda _: None

    def draw(self, span: Range) -> float:
        """Return a duration out of a range."""
        return self.clock.random.uniform(*span)

    def start(self, task: Task, *, registered: bool) -> Task:
        """Let a task begin its life; ``registered`` ones become targets of the load balancer."""
        self.all[task.arn] = task
        self._living.append(task)
        self._then(task, self.draw(self.pace.network), lambda: self._pull(task, registered))
        return task

    def stop(self, task: Task, code: str, reason: str) -> None:
        """Tell a task to end: out of the load balancer first, then SIGTERM."""
        if task.desired == "STOPPED":
            return
        task.desired, task.stop_code, task.reason = "STOPPED", code, reason
        seconds = self.draw(self.pace.terminate)
        if task.target in ("healthy", "initial", "unhealthy"):
            seconds += self.pace.drain if task.target == "healthy" else 0
            task.target, task.status = "draining", "DEACTIVATING"
        elif task.container_status == "PENDING":
            seconds = 0
        elif "migrate" in task.command:
            seconds = self.pace.stop_timeout  # Python without a handler ignores SIGTERM as process 1
        self.clock.at(
            seconds, lambda: self._exited(task, 143 if task.container_status == "RUNNING" else None)
        )

    def alive(self, group: str = "") -> list[Task]:
        """Return the tasks (of a group) whose container has not ended."""
        self._living = [task for task in self._living if task.alive]  # a container that has ended stays so
        return [task for task in self._living if group in ("", task.group)]

    def _then(self, task: Task, seconds: float, do: Callable[[], None]) -> None:
        """Go on with a task, unless it has ended meanwhile."""
        task.events.append(self.clock.at(seconds, lambda: do() if task.alive else None))

    def _pull(self, task: Task, registered: bool) -> None:
        task.status = "PENDING"
        task.address = f"10.0.{len(self.all) // 250}.{len(self.all) % 250 + 1}"
        seconds = self.draw(self.pace.pull)
        if not task.behaviour.pullable:
            said = f"CannotPullContainerError: {task.image}: not found"
            self._then(task, seconds, lambda: self._failed_to_start(task, said))
        else:
            self._then(task, seconds, lambda: self._run(task, registered))

    def _failed_to_start(self, task: Task, said: str) -> None:
        if task.desired == "RUNNING":
            task.desired, task.stop_code, task.reason = "STOPPED", "TaskFailedToStart", said
        self._exited(task, None)

    def _run(self, task: Task, registered: bool) -> None:
        task.status = task.container_status = "RUNNING"
        if registered and task.desired == "RUNNING":
            task.target = "initial"
        if task.command:
            self._work(task)
        else:
            self._serve(task)
        self.changed(task)

    def _work(self, task: Task) -> None:
        """Run the command of a one-off task, whose exit code is known when its container ends."""
        digest = task.image.partition("@")[2]
        task.job = job = self.containers.run(digest, list(task.command), task.environment, task.id)
        for offset, line in job.lines:
            self._then(task, offset, lambda line=line: self.logs.write(self.stream(task), line))
        for offset, do in job.steps:
            self._then(task, offset, do)
        self._then(task, job.seconds, lambda: self._finish(task))

    def _finish(self, task: Task) -> None:
        more = task.job.again()
        if more:
            self._then(task, more, lambda: self._finish(task))
            return
        code, reason = task.job.finish()
        task.job, task.container_reason = None, reason
        if code is None:
            self._serve(task)
        else:
            self._exited(task, code)

    def _serve(self, task: Task) -> None:
        behaviour, pace = task.behaviour, self.pace
        for line in behaviour.lines:
            self.logs.write(self.stream(task), line)
        if behaviour.crashes_after is not None:
            self._then(task, behaviour.crashes_after, lambda: self._exited(task, behaviour.exit_code))
        self._then(task, behaviour.start_seconds, lambda: self._answers(task))
        if not behaviour.healthy:
            self._then(task, 3 * pace.container_interval + behaviour.start_seconds, lambda: self._ails(task))
        elif behaviour.unhealthy_after is not None:
            self._then(task, behaviour.unhealthy_after, lambda: self._ails(task))

    def _answers(self, task: Task) -> None:
        task.answers = True
        if task.behaviour.healthy:
            interval = self.pace.container_interval
            self._then(task, self.clock.random.uniform(0, interval), lambda: self._well(task))
            twice = self.pace.target_interval * (1 + self.clock.random.random())
            self._then(task, twice, lambda: self._target_well(task))

    def _well(self, task: Task) -> None:
        task.health = "HEALTHY" if task.health == "UNKNOWN" else task.health
        self.changed(task)

    def _target_well(self, task: Task) -> None:
        if task.target == "initial" and task.health != "UNHEALTHY":
            task.target = "healthy"
            self.changed(task)

    def _ails(self, task: Task) -> None:
        task.health = "UNHEALTHY"
        task.target = task.target and ("unhealthy" if task.target != "draining" else "draining")
        self.changed(task)

    def _exited(self, task: Task, code: int | None) -> None:
        """End a container; the task is STOPPED once its network interface is gone."""
        if not task.alive:
            return
        for event in task.events:
            event.cancel()
        if task.job is not None:
            task.job.kill()
        if task.desired == "RUNNING":
            task.desired, task.stop_code, task.reason = "STOPPED", "EssentialContainerExited", _ENDED
        task.container_status, task.exit_code, task.answers, task.target = "STOPPED", code, False, ""
        task.status = "DEPROVISIONING"
        self.clock.at(self.draw(self.pace.deprovision), lambda: self._gone(task))
        self.changed(task)

    def _gone(self, task: Task) -> None:
        task.status, task.stopped = "STOPPED", self.clock.seconds

    @staticmethod
    def stream(task: Task) -> str:
        """Return the log stream of its container."""
        return f"ecs/{task.container}/{task.id}"
