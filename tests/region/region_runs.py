"""Runs of the pipeline's own flows in the region: what stands in for Prefect, and nothing else of the
pipeline.

A flow's function is called as it is. Tasks run at once, with the retries that they were made with; leases,
questions to a person and the run's name are kept by this module. What only shows things is left out.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from region_clock import Clock, Killed, Process, current

HEARD_DEAD = 45.0
"""Seconds after which Prefect knows that a killed run is dead."""
LEASE = 120.0


class Suspended(BaseException):
    """The end of the process of a run that waits for a person."""

    def __init__(self, key: str, question: str) -> None:
        self.key, self.question = key, question
        super().__init__(key)


@dataclass
class Run:
    """One flow run."""

    id: str
    flow: str
    parameters: dict[str, Any]
    work: Callable[[], Any]
    answers: dict[str, bool] = field(default_factory=dict)
    """What a person decided, by the question's key."""
    prompted: list[str] = field(default_factory=list)
    began: float = 0.0
    ended: float | None = None
    requests: int = 0
    dies_before: int | None = None
    """Request before which the process is killed."""
    dies_after: int | None = None
    state: str = "RUNNING"
    """RUNNING, COMPLETED, FAILED, PAUSED or KILLED; of a killed one Prefect hears later."""
    message: str = ""
    lines: list[str] = field(default_factory=list)
    process: Process | None = None

    @property
    def over(self) -> bool:
        """Whether its process has ended."""
        return self.state != "RUNNING"


class Runs:
    """Prefect's server, as far as the flows notice it: runs, leases, events."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.all: list[Run] = []
        self.leases: dict[str, tuple[Run, float]] = {}
        self.events: list[tuple[float, str, str, dict[str, Any]]] = []
        self.ended: Callable[[Run], None] = lambda _: None

    def start(self, flow: Any, /, **parameters: Any) -> Run:
        """Start a flow in a process of its own."""
        run = Run(f"run-{len(self.all) + 1}", flow.name, parameters, lambda: flow.fn(**parameters))
        run.began = self.clock.seconds
        self.all.append(run)
        self._go(run)
        return run

    def resume(self, run: Run, *, approved: bool) -> None:
        """Answer the question for which a run was suspended: it starts again from its beginning."""
        run.answers[run.prompted[-1]] = approved
        run.state = "RUNNING"
        self._go(run)

    def _go(self, run: Run) -> None:
        def work() -> None:
            run.process = process = current()
            process.run = run  # type: ignore[union-attr]
            try:
                state = run.work()
                run.state = "COMPLETED" if state.is_completed() else "FAILED"
                run.message = state.message or ""
            except Suspended as asked:
                run.prompted.append(asked.key)
                run.state = "PAUSED"
            except Killed:
                run.state = "KILLED"
            run.ended = self.clock.seconds
            self.ended(run)

        run.process = self.clock.start(work)

    def alive(self, run: Run) -> bool:
        """Whether Prefect takes a run for one that is at work."""
        lately = run.ended is not None and self.clock.seconds - run.ended < HEARD_DEAD
        return run.state == "RUNNING" or (run.state == "KILLED" and lately)

    @contextmanager
    def slot(self, live: Any, kind: str, patience: float) -> Iterator[None]:
        """Hold the only lease of a kind; that of a killed run ends with its time, or once Prefect knows."""
        from tasks.lease import EnvironmentBusyError

        me, name, end = present(), f"{kind}-{live.name}", time.monotonic() + patience
        while not self._take(name, me):
            if time.monotonic() >= end:
                raise EnvironmentBusyError(f"Another run has worked on {live.name}.")
            time.sleep(1)
        try:
            yield
        finally:
            process = current()
            if process is not None and not process.main.killed:
                self.leases.pop(name, None)

    def is_held(self, name: str) -> bool:
        """Whether a lease keeps others out still: that of a dead run ends by itself."""
        holder, _ = self.leases[name]
        return not holder.over or self.clock.seconds - (holder.ended or 0) <= LEASE

    def _take(self, name: str, me: Run) -> bool:
        held = self.leases.get(name)
        if held is not None and held[0] is not me:
            holder = held[0]
            dead = holder.over and not self.alive(holder)
            others = any(self.alive(run) for run in self.all if run is not me)
            if not (dead and not others) and not (dead and self.clock.seconds - (holder.ended or 0) > LEASE):
                return False
        self.leases[name] = (me, self.clock.seconds)
        return True


_runs: Runs | None = None


def serve(runs: Runs | None) -> None:
    """Let the flows of this process belong to these runs."""
    global _runs
    _runs = runs


def runs() -> Runs:
    """Return the runs of the present region."""
    assert _runs is not None
    return _runs


def present() -> Run:
    """Return the run that is at work."""
    process = current()
    assert process is not None
    return process.main.run  # type: ignore[attr-defined,no-any-return]
