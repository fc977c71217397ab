"""When things happen in one release: the pipeline's own steps, and what the region does meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from region_service import Deployment
from region_world import World

from pipeline.clock import Stopwatch

HEALTHY, GONE, COMPLETED = "new tasks healthy", "old tasks gone", "ECS: COMPLETED"
MOVED = "service told to move"


@dataclass
class Moments:
    """Spans and moments in virtual seconds since ``zero``, as they come."""

    world: World
    zero: float = 0.0
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Begin and end of each thing by its name; both are equal for what only happens."""

    def __post_init__(self) -> None:
        """Hear of what happens."""
        self.zero, service = self.world.clock.seconds, self.world.service
        service.begun = lambda _: self.happens(MOVED)
        service.ended = self._ended
        self._changed = service.tasks.changed
        service.tasks.changed = self._hear

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return self.world.clock.seconds - self.zero

    def happens(self, name: str) -> None:
        """Note a moment, the first of its name."""
        self.spans.setdefault(name, (self.now, self.now))

    def _ended(self, deployment: Deployment) -> None:
        if deployment.state == "COMPLETED":
            self.happens(COMPLETED)

    def _hear(self, task: Any) -> None:
        if task.wanted and task.health == "UNHEALTHY":
            self.happens("unhealthy")
        self._changed(task)
        service = self.world.service
        ready = sum(item.ready for item in service.of(service.primary))
        if MOVED in self.spans and ready >= service.desired:
            self.happens(HEALTHY)
            if all(item.started_by == service.primary.id for item in service.tasks.alive(service.group)):
                self.happens(GONE)
        if not task.alive:
            self.happens(f"{task.started_by.partition('-')[0]} ended")

    @contextmanager
    def steps(self) -> Iterator[None]:
        """Note the steps of the pipeline's stopwatch until the end of the block."""
        original: Callable[..., Any] = Stopwatch.step

        @contextmanager
        def step(watch: Stopwatch, name: str) -> Iterator[None]:
            began = self.now
            try:
                with original(watch, name):
                    yield
            finally:
                first, _ = self.spans.get(name, (began, 0.0))
                self.spans[name] = (first, self.now)

        Stopwatch.step = step  # type: ignore[method-assign]
        try:
            yield
        finally:
            Stopwatch.step = original  # type: ignore[method-assign]
