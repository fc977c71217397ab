"""Looks at a service from outside, to know when a release is there before any tool says so."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from support.house import House

_INTERVAL = 0.2


class Observer:
    """Notes the time of day at which a new revision first had all its tasks, every one healthy."""

    def __init__(self, house: House) -> None:
        self.healthy: dict[str, float] = {}
        """By task definition."""
        self._ecs, self._groups = house.ecs, house.outputs.target_group_arns
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._end.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._end.wait(_INTERVAL):
            revision = self._completed()
            if revision and revision not in self.healthy and self._targets_healthy():
                self.healthy[revision] = time.time()

    def _completed(self) -> str | None:
        """Return the revision of a rollout that ECS calls completed."""
        primary = self._ecs.require().primary
        done = primary is not None and primary.rollout_state == "COMPLETED"
        return primary.task_definition if primary and done and primary.running >= primary.desired else None

    def _targets_healthy(self) -> bool:
        """Whether all that take requests are healthy; those of the old release drain meanwhile."""
        targets = [item for group in self._ecs.targets(self._groups).values() for item in group]
        serving = [item.state for item in targets if item.state != "draining"]
        return bool(serving) and all(state == "healthy" for state in serving)


@contextmanager
def observed(house: House) -> Iterator[Observer]:
    """Observe until the end of the block."""
    observer = Observer(house)
    try:
        yield observer
    finally:
        observer.stop()
