"""A restore in place, killed before and after every step, with every step failing: it ends well."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline.ecs.model import Outcome
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.recovery.carry import RestoreRolledBackError, RestoreSteps, after_failure, carry_through
from pipeline.recovery.record import OpenRestore, Phase, RecoveryError
from pipeline.release.model import ReleaseRecord

RESTORE = OpenRestore(
    id="run",
    backup="sqlite/test/a.gz",
    incoming="/data/db.sqlite3.restored-1",
    database="/data/db.sqlite3",
    began=datetime(2026, 1, 1, tzinfo=UTC),
    wanted=2,
    scaling=None,
    left="td:2",
)
TARGET = ReleaseRecord(
    release="r1",
    outcome=Outcome.SUCCEEDED,
    message="",
    kind="deploy",
    task_definition="td:1",
    image="",
    image_digest="",
    deployment_id="",
    started_at=RESTORE.began,
    ended_at=RESTORE.began,
)
STEPS = ("stop", "exchange", "swap_back", "start", "fault", "note", "close")


class Killed(BaseException):
    """Stands for SIGKILL."""


class World:
    """A service with a database; it outlives the runs that work on it."""

    def __init__(self, wanted: int = 2, target: ReleaseRecord | None = None) -> None:
        self.tasks, self.database, self.suspended, self.release = wanted, "old", False, "td:2"
        self.record: OpenRestore | None = RESTORE.model_copy(update={"wanted": wanted, "target": target})
        self.done: list[str] = []
        self.kill_at: int | None = None
        self.failing: set[str] = set()
        self._moment = 0

    def _step(self, name: str, effect: dict[str, object]) -> None:
        self._may_die()
        if name in self.failing:
            raise PipelineError(f"{name} fails")
        vars(self).update(effect)
        self.done.append(name)
        self._may_die()

    def _may_die(self) -> None:
        self._moment += 1
        if self._moment == self.kill_at:
            raise Killed

    def note(self, restore: OpenRestore) -> None:
        """Write down."""
        self._step("note", {"record": restore})

    def stop(self) -> None:
        """Scale to zero."""
        self._step("stop", {"tasks": 0, "suspended": True})

    def exchange(self, restore: OpenRestore) -> str | None:
        """Save the old database, wherever it is by now, and put the new one in place."""
        assert self.tasks == 0
        self._step("exchange", {"database": "new"})
        return "safety"

    def swap_back(self, restore: OpenRestore) -> None:
        """Put the old database in place."""
        assert self.tasks == 0
        self._step("swap_back", {"database": "old"})

    def start(self, restore: OpenRestore) -> None:
        """Scale back, on the release that the phase wants."""
        release = restore.task_definition or self.release
        self._step("start", {"tasks": restore.wanted, "release": release})

    def fault(self, restore: OpenRestore) -> str | None:
        """Say what is wrong: a failing "fault" finds the restored database bad."""
        self._may_die()
        return "HTTP 500" if "fault" in self.failing and self.database == "new" else None

    def close(self, restore: OpenRestore) -> None:
        """Let scaling go on and forget."""
        self._step("close", {"suspended": False, "record": None})


@pytest.mark.parametrize("failing", ["", *STEPS])
@pytest.mark.parametrize("kill_at", range(1, 40))
def test_killed_anywhere_each_database_ends_with_its_release(kill_at: int, failing: str) -> None:
    """Going back with a backup: the older release on the backup, or the newer one on the old database."""
    world = World(target=TARGET)
    world.kill_at, world.failing = kill_at, {failing}
    until_ended(world)
    assert (world.database, world.release) in {("old", "td:2"), ("new", "td:1")}
    assert (world.tasks, world.suspended) == (2, False)
    if not failing:
        assert world.release == "td:1"


def until_ended(world: World) -> None:
    """Run again and again, as a person does, until no restore is open."""
    for _ in range(5):
        if world.record is None:
            return
        try:
            carry_through(world, world.record)
        except (Killed, RestoreRolledBackError):
            pass
        except PipelineError:
            world.failing.clear()  # the person fixed what failed
    raise AssertionError(f"never ended: {world.record}")


def test_all_goes_well_in_this_order() -> None:
    """Nothing is exchanged before the service has stopped."""
    world = World()
    assert world.record is not None
    ended = carry_through(world, world.record)
    steps = [step for step in world.done if step != "note"]
    assert steps == ["stop", "stop", "exchange", "start", "close"]
    assert (world.database, world.tasks, world.suspended, world.record) == ("new", 2, False, None)
    assert ended.safety == "safety"
    assert ended.aside == "/data/db.sqlite3.before-20260101T000000Z"


@pytest.mark.parametrize("failing", ["", *STEPS])
@pytest.mark.parametrize("kill_at", range(1, 40))
def test_killed_anywhere_with_anything_failing_it_ends_old_or_new_with_the_service_back(
    kill_at: int, failing: str
) -> None:
    """One database or the other, the former count of tasks, auto scaling as before, no note."""
    world = World()
    world.kill_at, world.failing = kill_at, {failing}
    until_ended(world)
    assert world.database in {"old", "new"}
    assert (world.tasks, world.suspended) == (2, False)
    if not failing:
        assert world.database == "new"


@pytest.mark.parametrize("failing", ["stop", "exchange", "fault"])
def test_what_fails_on_the_way_is_undone(failing: str) -> None:
    """The old database, the service, and an error that says why."""
    world = World()
    world.failing = {failing} if failing != "stop" else set()
    assert world.record is not None
    if failing == "stop":
        world.stop = lambda: _fail_once(world)  # type: ignore[method-assign]
    with pytest.raises(RestoreRolledBackError, match=r"HTTP 500|fails"):
        carry_through(world, world.record)
    assert (world.database, world.tasks, world.suspended, world.record) == ("old", 2, False, None)


def _fail_once(world: World) -> None:
    del world.stop
    raise PipelineError("stop fails")


def test_a_way_back_that_fails_is_noted_for_the_next_run() -> None:
    """The error says what is left, and the next run does it."""
    world = World()
    world.failing = {"fault", "swap_back"}
    assert world.record is not None
    with pytest.raises(RecoveryError, match=r"half undone \(undoing\).*HTTP 500.*in_place again"):
        carry_through(world, world.record)
    assert world.record.phase is Phase.ROLLING_BACK
    world.failing = set()
    with pytest.raises(RestoreRolledBackError, match="HTTP 500"):
        carry_through(world, world.record)
    assert (world.database, world.tasks, world.record) == ("old", 2, None)


def test_a_service_without_tasks_stays_without() -> None:
    """Whoever stopped it before starts it."""
    world = World(wanted=0)
    until_ended(world)
    assert (world.database, world.tasks) == ("new", 0)


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Phase.STOPPING, Phase.RETURNING),
        (Phase.SWAPPING, Phase.ROLLING_BACK),
        (Phase.STARTING, Phase.ROLLING_BACK),
        (Phase.ROLLING_BACK, None),
        (Phase.RETURNING, None),
    ],
)
def test_the_way_back(phase: Phase, expected: Phase | None) -> None:
    """Before the swap nothing is to be swapped back; from the way back there is none."""
    assert after_failure(phase) is expected


class Wanted:
    """A service without tasks that auto scaling wants to have two at the first looks."""

    def __init__(self) -> None:
        self.looks, self.scaled = iter([2, 2, 0]), list[int]()

    def require(self) -> Any:
        """Return what is wanted now."""
        return SimpleNamespace(desired=next(self.looks))

    def scale(self, count: int) -> None:
        """Note what is asked for."""
        self.scaled.append(count)


def test_a_service_is_stopped_once_no_task_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """None runs before those that are wanted have started; then they would run on the swapped database."""
    monkeypatch.setattr("pipeline.recovery.carry.pause", lambda _: None)
    monkeypatch.setattr("pipeline.recovery.carry.OpenRestores", lambda _: None)
    service = Wanted()
    live = SimpleNamespace(
        outputs=SimpleNamespace(auto_scaling=False, minimum_tasks=0, cluster="c", service="s"),
        access=SimpleNamespace(client=lambda _: None),
        service=service,
        one_off_tasks=SimpleNamespace(left_behind=lambda *_: ()),
    )
    RestoreSteps(cast("LiveEnvironment", live), lambda _: None, lambda _: None).stop()
    assert service.scaled == [0, 0]
    assert list(service.looks) == []


def test_a_restore_that_ends_on_a_release_ends_the_rollout_that_a_killed_run_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What that run had switched off, ECS's own rollback, is on again before its note goes."""
    done: list[str] = []
    configuration = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    monkeypatch.setattr(
        "pipeline.recovery.carry.OpenRestores",
        lambda _: SimpleNamespace(remove=lambda: done.append("removed")),
    )
    live = SimpleNamespace(
        outputs=SimpleNamespace(auto_scaling=False, minimum_tasks=0, cluster="c", service="s"),
        access=SimpleNamespace(client=lambda _: None),
        service=SimpleNamespace(
            require=lambda: SimpleNamespace(primary=None, configuration=configuration),
            configure=lambda found: done.append(f"rollback {found['deploymentCircuitBreaker']['rollback']}"),
        ),
        releases=SimpleNamespace(
            append=lambda record: done.append(f"{record.kind} recorded"),
            open_rollout=lambda: SimpleNamespace(holds_rollback=True),
            close_rollout=lambda: done.append("closed"),
        ),
        one_off_tasks=None,
    )
    steps = RestoreSteps(cast("LiveEnvironment", live), lambda _: None, lambda _: None)
    steps.close(RESTORE.model_copy(update={"target": TARGET, "phase": Phase.STARTING}))
    assert done == ["rollback recorded", "rollback True", "closed", "removed"]
