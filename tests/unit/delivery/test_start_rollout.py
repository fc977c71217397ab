"""Beginning a rollout, or finding the one that a killed run began."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.delivery.start import RolloutRequest, Started, StartKind, start_rollout
from pipeline.ecs.model import Container, Deployment, EcsError, Service, Task
from pipeline.release.model import Release, Rollout

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
OLD, NEW, ALIEN = "app:7", "app:8", "app:99"
R8 = Release(name="r8", image="repo@sha256:8", digest="sha256:8", task_definition=NEW)
WANTED = RolloutRequest(R8, "app", 2, timedelta(minutes=10), flow_run="run")


def deployment(name: str, definition: str, state: str = "COMPLETED", running: int = 2) -> Deployment:
    """A PRIMARY deployment of two tasks."""
    return Deployment(name, "PRIMARY", definition, state, "", 2 if running else 0, running, 0, 0, NOW, NOW)


def service(primary: Deployment) -> Service:
    """A service with nothing but that deployment."""
    configuration = {"maximumPercent": 200, "deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    values = primary.desired, primary.task_definition, (primary,), True
    return Service("web", "ACTIVE", *values, configuration=configuration)


@dataclass
class FakeService:
    """ECS as far as starting a rollout asks it; ``killed_after`` ends the caller at that point."""

    present: Service
    updates: list[tuple[str, int | None, bool]] = field(default_factory=list)
    configuration: dict[str, Any] | None = None

    def require(self) -> Service:
        """Return the service."""
        return self.present

    def tasks(self, status: str = "RUNNING") -> tuple[Task, ...]:
        """Return one task that runs the old image."""
        container = Container("app", "RUNNING", "", "sha256:7", None, "", "UNKNOWN")
        primary = self.present.deployments[0]
        task = Task(
            "t/1", primary.task_definition, primary.id, "RUNNING", "UNKNOWN", NOW, "", "", None, (container,)
        )
        return (task,)

    def update(
        self,
        task_definition: str,
        desired: int | None = None,
        *,
        force: bool = False,
        configuration: dict[str, Any] | None = None,
    ) -> Deployment:
        """Begin a new deployment, unless the definition is the present one and nothing is forced."""
        self.configuration = configuration
        self.updates.append((task_definition, desired, force))
        primary = self.present.deployments[0]
        if task_definition != primary.task_definition or force:
            count = len(self.updates)
            primary = deployment(f"ecs-svc/new{count}", task_definition, "IN_PROGRESS")
        self.present = service(primary)
        return primary


@dataclass
class FakeStore:
    """The rollout under way, in memory."""

    opened: Rollout | None = None
    history: list[Rollout] = field(default_factory=list)
    judged: str = ""
    """Deployment of the newest record."""

    def latest(self, limit: int) -> Iterator[SimpleNamespace]:
        """Yield the newest records."""
        return iter([SimpleNamespace(deployment_id=self.judged)][:limit])

    def open_rollout(self) -> Rollout | None:
        """Return it."""
        return self.opened

    def write_open_rollout(self, rollout: Rollout) -> None:
        """Keep it."""
        self.opened = rollout
        self.history.append(rollout)


def begin(ecs: FakeService, store: FakeStore, requested: RolloutRequest = WANTED) -> Started:
    """Begin the rollout of r8 a minute later."""
    return start_rollout(ecs, store, requested, NOW + timedelta(minutes=1))


def test_a_rollout_begins() -> None:
    """The rollout is written down before the update and again with the id of its response."""
    ecs, store = FakeService(service(deployment("ecs-svc/old", OLD))), FakeStore()
    started = begin(ecs, store)
    assert started.kind is StartKind.NEW
    assert started.rollout.deployment_id == "ecs-svc/new1"
    assert started.rollout.previous is not None
    assert started.rollout.previous.image_digest == "sha256:7"
    assert [item.deployment_id for item in store.history] == ["", "ecs-svc/new1"]
    assert ecs.updates == [(NEW, None, False)]


def test_the_first_rollout_starts_the_wanted_tasks_and_has_nothing_to_return_to() -> None:
    """A service without tasks gets its count; ECS will have nothing to roll back to."""
    ecs = FakeService(service(deployment("ecs-svc/old", OLD, running=0)))
    started = begin(ecs, FakeStore())
    assert ecs.updates == [(NEW, 2, False)]
    assert started.rollout.previous is None
    assert started.kind is StartKind.NEW


def test_the_same_definition_is_no_change() -> None:
    """UpdateService answers with the id that was there."""
    ecs = FakeService(service(deployment("ecs-svc/old", NEW)))
    assert begin(ecs, FakeStore()).kind is StartKind.NO_CHANGE


def test_a_failed_deployment_of_the_same_definition_is_forced() -> None:
    """Without force, ECS would start nothing and the failure would be taken for the present."""
    ecs = FakeService(service(deployment("ecs-svc/old", NEW, "FAILED")))
    assert begin(ecs, FakeStore()).kind is StartKind.NEW
    assert ecs.updates == [(NEW, None, True)]


@pytest.mark.parametrize("written", [0, 1], ids=["before the id was written", "after the id was written"])
def test_a_killed_run_is_continued(written: int) -> None:
    """A second run finds the rollout by id, or by its definition, and never begins another."""
    ecs, first = FakeService(service(deployment("ecs-svc/old", OLD))), FakeStore()
    began = begin(ecs, first)
    again = start_rollout(ecs, FakeStore(first.history[written]), WANTED, NOW + timedelta(minutes=5))
    assert again.kind is StartKind.REATTACHED
    assert (again.rollout, again.deadline) == (began.rollout, NOW + timedelta(minutes=15))
    assert len(ecs.updates) == 1


def test_a_run_killed_before_the_update_begins_anew() -> None:
    """The rollout was written down, but ECS knows nothing of it."""
    ecs, first = FakeService(service(deployment("ecs-svc/old", OLD))), FakeStore()
    begin(ecs, first)
    fresh = FakeService(service(deployment("ecs-svc/old", OLD)))
    assert begin(fresh, FakeStore(first.history[0])).kind is StartKind.NEW
    assert len(fresh.updates) == 1


def test_an_alien_rollout_is_refused() -> None:
    """Somebody else's rollout under way is named, and nothing is touched."""
    ecs, store = FakeService(service(deployment("ecs-svc/x", ALIEN, "IN_PROGRESS"))), FakeStore()
    with pytest.raises(EcsError, match=r"ecs-svc/x on app:99.*take_over"):
        begin(ecs, store)
    assert (ecs.updates, store.history) == ([], [])


def test_a_rollout_that_was_judged_before_ecs_completed_it_is_none_of_others() -> None:
    """A release found bad stays where nothing goes back; the next one takes its place at once."""
    ecs = FakeService(service(deployment("ecs-svc/x", ALIEN, "IN_PROGRESS")))
    assert begin(ecs, FakeStore(judged="ecs-svc/x")).kind is StartKind.NEW


def test_an_alien_rollout_is_taken_over_when_told() -> None:
    """``take_over`` begins on top of it."""
    ecs = FakeService(service(deployment("ecs-svc/x", ALIEN, "IN_PROGRESS")))
    assert begin(ecs, FakeStore(), replace(WANTED, take_over=True)).kind is StartKind.NEW


def test_our_own_dead_rollout_of_another_release_is_replaced() -> None:
    """A newer release does not wait for what a killed run of this pipeline left rolling."""
    ecs, store = FakeService(service(deployment("ecs-svc/old", OLD))), FakeStore()
    begin(ecs, store)
    newer = replace(WANTED, release=R8.model_copy(update={"name": "r9", "task_definition": "app:9"}))
    assert begin(ecs, store, newer).rollout.deployment_id == "ecs-svc/new2"


def test_a_forced_rollout_starts_new_tasks_of_the_same_definition() -> None:
    """Even where an earlier run left its rollout on that very deployment open: its tasks have old values."""
    ecs, left = FakeService(service(deployment("ecs-svc/old", OLD))), FakeStore()
    done = begin(ecs, left).rollout.deployment_id
    ecs.present = service(deployment(done, NEW))
    started = begin(ecs, left, replace(WANTED, force=True))
    assert (started.kind, ecs.updates[-1]) == (StartKind.NEW, (NEW, None, True))
    assert started.rollout.previous is not None
    assert started.rollout.previous.deployment_id == done


def test_a_service_without_a_primary_deployment_is_not_updated() -> None:
    """ECS lists none for a moment after it was made: nothing to return to would be known."""
    ecs = FakeService(replace(service(deployment("ecs-svc/1", OLD)), deployments=()))
    with pytest.raises(EcsError, match="run again in a minute"):
        begin(ecs, FakeStore())
    assert ecs.updates == []


def test_across_irreversible_migrations_ecs_does_not_go_back_by_itself() -> None:
    """Its own rollback is off in the very update that begins the rollout, and the note says so."""
    ecs, store = FakeService(service(deployment("ecs-svc/7", OLD))), FakeStore()
    begin(ecs, store, replace(WANTED, asks_first=True))
    assert ecs.configuration == {
        "maximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": False},
    }
    assert store.opened is not None
    assert store.opened.holds_rollback


def test_the_next_rollout_switches_it_on_again() -> None:
    """A run that was killed has left it off."""
    ecs, store = FakeService(service(deployment("ecs-svc/7", OLD))), FakeStore()
    begin(ecs, store, replace(WANTED, asks_first=True))
    begin(ecs, store, replace(WANTED, release=R8.model_copy(update={"task_definition": "app:9"})))
    assert ecs.configuration == {
        "maximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    }


def test_terraforms_own_definition_keeps_nobody_out() -> None:
    """ECS went back to it after a first release that failed, and would try its image for ever."""
    ecs, store = FakeService(service(deployment("ecs-svc/8", "app:1", "IN_PROGRESS", running=1))), FakeStore()
    assert begin(ecs, store, replace(WANTED, placeholder="app:1")).kind is StartKind.NEW


@pytest.mark.parametrize(("state", "kind"), [("IN_PROGRESS", "re-attached"), ("COMPLETED", "new")])
def test_a_restart_that_was_killed_goes_on(state: str, kind: str) -> None:
    """While it moves it is watched; once it has ended it is done again, as nobody has looked."""
    opened = Rollout(
        release=R8,
        primary_before="ecs-svc/7",
        previous=None,
        started_at=NOW,
        deployment_id="ecs-svc/8",
        kind="restart",
    )
    ecs = FakeService(service(deployment("ecs-svc/8", NEW, state)))
    restart = replace(WANTED, force=True, kind="restart")
    assert begin(ecs, FakeStore(opened), restart).kind == kind
